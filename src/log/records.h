// The rows of the event log, as the rest of the program sees them. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "suffice/types.h"

namespace suffice {

// How a row of `decisions` came to be. Evaluations (kEval) are runs of one prompt on a tier that no policy chose:
// warm-up rows and the nightly job's. They teach like decisions, and are left out of off-policy estimates.
enum class DecisionOrigin { kLive, kApprentice, kLogOnly, kEval };
std::string_view ToString(DecisionOrigin origin);

// Decimals that a decision's estimates of a tier are rounded to before they decide, so that its row is short and says
// exactly what decided.
struct TierViewDecimals {
  static constexpr int kQuality = 8;  // of quality, its sigma, and probabilities of being late
  static constexpr int kUsd = 12;
  static constexpr int kMs = 4;
  static constexpr int kRatio = 8;
  static constexpr int kObservations = 4;
  static constexpr int kScore = 10;  // told only
};

struct DecisionRecord {
  int64_t seq = 0;           // place in the log, from 1; assigned by the log
  int64_t tier_ordinal = 0;  // how many decisions for the same tier stand before it; assigned by the log
  DecisionId id;
  std::string request_id;
  int64_t time_us = 0;
  std::string tenant;
  std::string session;
  DecisionOrigin origin = DecisionOrigin::kLive;
  uint64_t feature_version = 0;
  std::vector<float> features;        // exactly as used, bias first
  std::string sketch;                 // Sketch::Encode(); empty when prompts are not logged
  std::optional<std::string> prompt;  // only with log.prompts: full
  double input_tokens_estimate = 0;   // from the prompt's length
  std::vector<TierView> tiers;        // in the order of the configuration
  std::string tier;                   // chosen
  std::string policy_tier;            // what the policy drew
  std::string caller_tier;            // the caller's own choice, if told
  double propensity = 1;              // of `tier`; 1 where the caller chose (`tiers` then has the policy's own)
  Estimate cost_usd;                  // predictions for `tier`, as answered
  Estimate latency_ms;
  // What the score was made of, see ScoreWeights in policy.h: "quality", "cost_usd", "late_p50", ..., and, for a soft
  // budget of one tier, "cost_usd.TIER".
  std::vector<std::pair<std::string, double>> multipliers;
  int64_t snapshot = 0;
  int64_t release = 0;  // that the snapshot was made on; 0: none
  std::string config_hash;
  uint64_t seed = 0;  // of the draw: u = UnitInterval(Hash64(id.Raw(), seed))
  bool audit = false;
  double audit_probability = 0;
  double keep_probability = 1;
  int64_t reserved_cost_nanos = 0;
  // Which price list of the tier was in force: the RFC 3339 time it began at, or "base".
  std::string price_version;
  int64_t max_output_tokens = 0;       // as the request stated
  int64_t call_max_output_tokens = 0;  // as the decision told the caller, see Decision::max_output_tokens
  std::string session_tier;            // what the conversation had before; empty: none was known
  std::string infeasible;         // why the limits could not be met together; empty: they could
};

struct OutcomeRecord {
  int64_t seq = 0;
  int64_t time_us = 0;
  Outcome outcome;
  int64_t cost_nanos = 0;    // settled: told, or by the price list
  bool wrong_model = false;  // another model served than the tier's
};

struct FeedbackRecord {
  int64_t seq = 0;
  int64_t time_us = 0;
  Feedback feedback;
};

// Everything known of one decision. At most one outcome; feedback in order of arrival.
struct ObservedDecision {
  DecisionRecord decision;
  std::optional<OutcomeRecord> outcome;
  std::vector<FeedbackRecord> feedback;
};

// How far a fold has read.
struct LogCursor {
  int64_t outcome_seq = 0;
  int64_t feedback_seq = 0;
  auto operator<=>(const LogCursor&) const = default;
};

// A published state of the learner. Every snapshot leaves a row with its cursor, from which it can be folded again;
// some also carry the folded state, to start from.
struct SnapshotRecord {
  int64_t number = 0;
  int64_t time_us = 0;
  LogCursor cursor;
  uint64_t feature_version = 0;
  std::string config_hash;
  int64_t release = 0;  // that it was made on; 0: none
  std::string state;  // learner's encoding; empty: not kept
};

// A fit that decisions can be made on: see learner/release.h for what `fit` holds. Rows are never changed.
struct ReleaseRecord {
  int64_t number = 0;  // from 1; 0 stands for no release: everything learned from this log alone
  int64_t time_us = 0;
  int64_t parent = 0;        // the release in force when it was made
  std::string kind;          // who made it: "nightly", "refit", "import"
  uint64_t feature_version = 0;
  std::string fit;           // learner's encoding
  std::string note;          // for people, one line
  std::string report;        // JSON of the gate's verdict; empty: not gated
};

// From its time on `release` makes `share` of the decisions, and `base` the rest. Rows are only ever added; the newest
// one is in force.
struct PromotionRecord {
  int64_t seq = 0;
  int64_t time_us = 0;
  int64_t release = 0;
  double share = 1;   // in (0, 1]
  int64_t base = 0;   // 0 while share is 1
  std::string reason; // for people, one line
};

// What may be deleted: decisions with all their events, from the front of the log on.
struct Deletion {
  int64_t before_us = 0;  // the first decision of this time or later stays, with all behind it
  LogCursor upto;         // likewise the first one that has an event behind it
  int64_t limit = 0;      // of decisions
};
struct Deleted {
  int64_t decisions = 0;
  bool uncovered = false;  // stopped at a decision that has an event behind `upto`
};

// A state of the budget ledger: a fold of the decisions and outcomes up to the two places.
struct LedgerStateRecord {
  int64_t number = 0;
  int64_t time_us = 0;
  int64_t decision_seq = 0;  // the last ones in it
  int64_t outcome_seq = 0;
  std::string state;
};

}  // namespace suffice
