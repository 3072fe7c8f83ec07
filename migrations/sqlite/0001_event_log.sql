-- The event log. Rows are only ever added; seq is the order of their commit. Times are microseconds since the Unix
-- epoch (UTC). 64-bit hashes and seeds are stored as the signed integer with the same bits. A decision's key is its
-- time-ordered id, so inserts stay at the end of the index.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL           -- 'salt': 16 hexadecimal digits that salt the hashed token counts; fixed for ever
) STRICT;

-- One row per answer of Route that was kept, and per evaluation. Complete enough to derive the decision again, and for
-- every off-policy estimate.
CREATE TABLE decisions (
  seq                   INTEGER PRIMARY KEY,
  id                    BLOB NOT NULL UNIQUE,  -- the 16 bytes of a UUID, version 7
  tenant                TEXT NOT NULL,         -- '': none
  request_id            TEXT NOT NULL,         -- the caller's; '': none
  session               TEXT NOT NULL,         -- '': none
  time_us               INTEGER NOT NULL,
  origin                TEXT NOT NULL,         -- 'live', 'apprentice', 'log_only'; 'eval': no policy chose
  tier                  TEXT NOT NULL,         -- chosen
  tier_ordinal          INTEGER NOT NULL,      -- decisions for the same tier before this one
  policy_tier           TEXT NOT NULL,         -- what the policy drew; differs from tier where the caller chose
  caller_tier           TEXT NOT NULL,         -- the caller's own choice; '': not told
  propensity            REAL NOT NULL,         -- probability of tier, after every clamp
  seed                  INTEGER NOT NULL,      -- of the draw, see policy: u = hash(id, seed) in [0, 1)
  snapshot              INTEGER NOT NULL,      -- number of the snapshot it was decided on
  config_hash           TEXT NOT NULL,         -- key into configs
  price_version         TEXT NOT NULL,
  reserved_cost_nanos   INTEGER NOT NULL,      -- 1e-9 US dollars
  audit                 INTEGER NOT NULL,      -- 1: drawn to be judged
  audit_probability     REAL NOT NULL,         -- with this probability
  keep_probability      REAL NOT NULL,         -- with which this row was kept at all
  input_tokens_estimate REAL NOT NULL,         -- from the prompt's length
  cost_usd              REAL,                  -- predicted for tier, with its central 90%; latency likewise.
  cost_low_usd          REAL,                  -- NULL: not a number
  cost_high_usd         REAL,
  latency_ms            REAL,
  latency_low_ms        REAL,
  latency_high_ms       REAL,
  multipliers           TEXT NOT NULL,         -- JSON object: limit -> price in force
  -- JSON array in the order of the configuration, an object a tier: tier, quality, sigma (of the mean), cost_usd,
  -- latency_ms, observations, score, propensity; and for a tier that was not eligible: exclusion, detail. A number that
  -- was not finite is null.
  tiers                 TEXT NOT NULL,
  feature_version       INTEGER NOT NULL,      -- key into feature_sets, or a built-in version
  features              BLOB NOT NULL,         -- exactly as used: 32-bit little-endian floats, bias first
  sketch                BLOB NOT NULL,         -- salted hashed token counts; empty: not logged
  prompt                TEXT                   -- NULL unless log.prompts is full
) STRICT;

CREATE UNIQUE INDEX decisions_by_tier ON decisions (tier, tier_ordinal);

-- What the model call really was: at most one row a decision.
CREATE TABLE outcomes (
  seq                    INTEGER PRIMARY KEY,
  decision_seq           INTEGER NOT NULL UNIQUE REFERENCES decisions (seq),
  time_us                INTEGER NOT NULL,     -- of arrival
  status                 TEXT NOT NULL,        -- 'ok', 'error', 'timeout', 'refused', 'cancelled'
  input_tokens           INTEGER,              -- NULL here and below: not told
  output_tokens          INTEGER,
  cost_usd               REAL,                 -- as told
  cost_nanos             INTEGER NOT NULL,     -- settled: as told, or by the price list; 1e-9 US dollars
  time_to_first_token_ms REAL,
  latency_ms             REAL,                 -- total
  retries                INTEGER NOT NULL,
  served_tier            TEXT NOT NULL         -- that really answered; '': the chosen one
) STRICT;

CREATE TABLE feedback (
  seq           INTEGER PRIMARY KEY,
  decision_seq  INTEGER NOT NULL REFERENCES decisions (seq),
  time_us       INTEGER NOT NULL,              -- of arrival
  tenant        TEXT NOT NULL,                 -- the decision's
  feedback_id   TEXT NOT NULL,                 -- the caller's
  reward        REAL NOT NULL,                 -- in [0, 1]
  source        TEXT NOT NULL,                 -- 'user', 'judge', 'check'
  judge_version TEXT NOT NULL,                 -- '': none
  UNIQUE (tenant, feedback_id)
) STRICT;

CREATE INDEX feedback_by_decision ON feedback (decision_seq);

-- What arrived for a decision that the log did not have (expired, not kept, or never made). Kept apart; nothing reads
-- it to learn.
CREATE TABLE orphans (
  seq         INTEGER PRIMARY KEY,
  time_us     INTEGER NOT NULL,                -- of arrival
  kind        TEXT NOT NULL,                   -- 'outcome', 'feedback'
  decision_id BLOB NOT NULL,                   -- 16 bytes
  tenant      TEXT NOT NULL,
  value       TEXT NOT NULL                    -- JSON object of the other values as sent; null: not told
) STRICT;

CREATE TABLE configs (
  hash    TEXT PRIMARY KEY,                    -- SHA-256 of yaml, hexadecimal
  time_us INTEGER NOT NULL,                    -- first saved
  yaml    TEXT NOT NULL                        -- with every default written out
) STRICT;

CREATE TABLE feature_sets (
  version INTEGER PRIMARY KEY,
  time_us INTEGER NOT NULL,                    -- saved
  bytes   BLOB NOT NULL
) STRICT;

-- Published states of the learner. A row tells how far the log was folded, so that the state can be folded again.
CREATE TABLE snapshots (
  number          INTEGER PRIMARY KEY,
  time_us         INTEGER NOT NULL,
  outcome_seq     INTEGER NOT NULL,            -- the last outcome in it
  feedback_seq    INTEGER NOT NULL,            -- the last feedback in it
  feature_version INTEGER NOT NULL,
  config_hash     TEXT NOT NULL,
  state           BLOB                         -- the folded state; kept for the newest few only
) STRICT;

CREATE INDEX snapshots_with_state ON snapshots (number) WHERE state IS NOT NULL;
