-- Retention: decisions older than log.keep_days are deleted with their outcomes and feedback. What was learned from them
-- stays.

-- Snapshots whose state is kept for folds of the log to begin with, in place of nothing: what a state was folded from may
-- be gone.
CREATE TABLE bases (
  snapshot INTEGER PRIMARY KEY,              -- number
  release  INTEGER NOT NULL                  -- the snapshot's
) STRICT;

-- What deleted decisions leave behind: how many the tier had up to the last of them, where its sequence goes on.
CREATE TABLE deleted_decisions (
  tier      TEXT PRIMARY KEY,
  decisions INTEGER NOT NULL
) STRICT;
