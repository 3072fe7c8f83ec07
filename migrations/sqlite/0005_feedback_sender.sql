-- Who sent a feedback, so that one source's influence can be bounded.

ALTER TABLE feedback ADD COLUMN sender TEXT NOT NULL DEFAULT '';  -- name of the bearer key; '': not known
