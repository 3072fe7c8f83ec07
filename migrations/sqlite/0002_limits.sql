-- Limits: what a decision was asked to keep to, what it answered when that could not be, and what a call was made of.

ALTER TABLE decisions ADD COLUMN max_output_tokens INTEGER NOT NULL DEFAULT 0;  -- as the request stated; 0: not stated
ALTER TABLE decisions ADD COLUMN call_max_output_tokens INTEGER NOT NULL DEFAULT 0;  -- as told to the caller; 0: any
ALTER TABLE decisions ADD COLUMN session_tier TEXT NOT NULL DEFAULT '';  -- what the conversation had before; '': none
ALTER TABLE decisions ADD COLUMN infeasible TEXT NOT NULL DEFAULT '';  -- why the limits could not be met; '': they could

ALTER TABLE outcomes ADD COLUMN cached_input_tokens INTEGER;           -- of input_tokens: from the provider's cache
ALTER TABLE outcomes ADD COLUMN reasoning_tokens INTEGER;              -- of output_tokens: spent on thinking
ALTER TABLE outcomes ADD COLUMN served_model TEXT NOT NULL DEFAULT ''; -- as the provider named it; '': not told
ALTER TABLE outcomes ADD COLUMN wrong_model INTEGER NOT NULL DEFAULT 0; -- 1: not the model of the tier

-- States of the budget ledger: a fold of decisions and outcomes up to the two places, to start from. The newest few are
-- kept.
CREATE TABLE ledger_states (
  number       INTEGER PRIMARY KEY,
  time_us      INTEGER NOT NULL,
  decision_seq INTEGER NOT NULL,             -- the last decision in it
  outcome_seq  INTEGER NOT NULL,             -- the last outcome in it
  state        BLOB NOT NULL
) STRICT;
