-- Releases: what a refit leaves for the server to decide on, and which of them is in force.

-- Rows are never changed. 0 stands for no release: everything learned from this log alone.
CREATE TABLE releases (
  number          INTEGER PRIMARY KEY,       -- from 1
  time_us         INTEGER NOT NULL,
  parent          INTEGER NOT NULL,          -- the release in force when it was made
  kind            TEXT NOT NULL,             -- who made it: 'nightly', 'refit', 'import'
  feature_version INTEGER NOT NULL,          -- key into feature_sets, or a built-in version
  fit             BLOB NOT NULL,             -- prior statistics, calibration, tuned keys
  note            TEXT NOT NULL,             -- for people, one line
  report          TEXT NOT NULL              -- JSON of the gate's verdict; '': not gated
) STRICT;

-- From its time on `release` makes `share` of the decisions and `base` the rest. The newest row is in force.
CREATE TABLE promotions (
  seq     INTEGER PRIMARY KEY,
  time_us INTEGER NOT NULL,
  release INTEGER NOT NULL,
  share   REAL NOT NULL,                     -- in (0, 1]
  base    INTEGER NOT NULL,                  -- 0 while share is 1
  reason  TEXT NOT NULL                      -- for people, one line
) STRICT;

ALTER TABLE decisions ADD COLUMN release INTEGER NOT NULL DEFAULT 0;  -- that its snapshot was made on; 0: none
ALTER TABLE snapshots ADD COLUMN release INTEGER NOT NULL DEFAULT 0;  -- that the state was folded on; 0: none

CREATE INDEX snapshots_by_release ON snapshots (release, number);
