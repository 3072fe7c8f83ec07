// The tables of the nightly job's file. Times are microseconds since the Unix epoch (UTC).
// Thread contract: constants.
#pragma once

namespace suffice {

inline constexpr int kWorkFileVersion = 1;
inline constexpr int kWorkFileApplicationId = 0x5355464e;  // "SUFN"

inline constexpr char kWorkFileSchema[] = R"sql(
CREATE TABLE runs (
  number       INTEGER PRIMARY KEY,
  started_us   INTEGER NOT NULL,
  seed         INTEGER NOT NULL,      -- the same 64 bits, signed
  decision_seq INTEGER NOT NULL,      -- the log's last rows when the run began
  outcome_seq  INTEGER NOT NULL,
  feedback_seq INTEGER NOT NULL,
  after_seq    INTEGER NOT NULL,      -- decisions behind this one are the traffic that the run is about
  config_yaml  TEXT NOT NULL,
  source       TEXT NOT NULL,         -- 'log', or the path of a file of prompts
  done         INTEGER NOT NULL,      -- the last step: 1 sample, 2 run-tiers, 3 judge, 4 refit, 5 gate, 6 promote
  abandoned    INTEGER NOT NULL,      -- 1: another run was begun before this one had ended
  summary      TEXT NOT NULL
) STRICT;

CREATE TABLE samples (
  run                   INTEGER NOT NULL REFERENCES runs (number),
  number                INTEGER NOT NULL,  -- within the run, from 1
  id                    TEXT NOT NULL,     -- the decision's id, or the file's
  prompt                TEXT NOT NULL,
  reference             TEXT NOT NULL,     -- '': none
  tenant                TEXT NOT NULL,
  from_log              INTEGER NOT NULL,  -- 1: a logged decision; 0: a file's prompt
  stratum               TEXT NOT NULL,
  probability           REAL NOT NULL,     -- of being drawn
  keep_probability      REAL NOT NULL,     -- with which the log had kept it
  sketch                BLOB NOT NULL,
  input_tokens_estimate REAL NOT NULL,
  served_tier           TEXT NOT NULL,     -- '': none
  propensities          TEXT NOT NULL,     -- JSON object: tier -> probability as logged
  PRIMARY KEY (run, number),
  UNIQUE (run, id)
) STRICT;

CREATE TABLE answers (
  run                 INTEGER NOT NULL,
  sample              INTEGER NOT NULL,
  tier                TEXT NOT NULL,
  status              TEXT NOT NULL,       -- 'ok', 'error', 'timeout', 'refused'
  error               TEXT NOT NULL,
  text                TEXT NOT NULL,
  served_model        TEXT NOT NULL,
  wrong_model         INTEGER NOT NULL,    -- 1: another model answered than the one asked for
  input_tokens        INTEGER NOT NULL,
  output_tokens       INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  reasoning_tokens    INTEGER NOT NULL,
  cost_usd            REAL NOT NULL,
  latency_ms          REAL NOT NULL,
  retries             INTEGER NOT NULL,
  PRIMARY KEY (run, sample, tier),
  FOREIGN KEY (run, sample) REFERENCES samples (run, number)
) STRICT;

CREATE TABLE scores (
  run           INTEGER NOT NULL,
  sample        INTEGER NOT NULL,
  tier          TEXT NOT NULL,
  judge         TEXT NOT NULL,
  judge_version TEXT NOT NULL,
  score         REAL,                      -- in [0, 1]; NULL: see error
  error         TEXT NOT NULL,
  cost_usd      REAL NOT NULL,
  PRIMARY KEY (run, sample, tier, judge, judge_version),
  FOREIGN KEY (run, sample, tier) REFERENCES answers (run, sample, tier)
) STRICT;

CREATE TABLE results (
  run             INTEGER PRIMARY KEY REFERENCES runs (number),
  fit             BLOB NOT NULL,           -- of the candidate, as the log keeps it; empty: none yet
  feature_version INTEGER NOT NULL,
  feature_bytes   BLOB NOT NULL,
  refit_report    TEXT NOT NULL,           -- JSON
  verdict         TEXT NOT NULL,           -- JSON; '': none yet
  page            TEXT NOT NULL,           -- HTML
  release         INTEGER NOT NULL,        -- number in the log; 0: not there
  promotion       INTEGER NOT NULL         -- seq in the log; 0: not promoted
) STRICT;
)sql";

}  // namespace suffice
