// What goes in and out of the engine. Plain data; the gRPC messages of proto/suffice/v1 mirror it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "suffice/config.h"
#include "suffice/decision_id.h"

namespace suffice {

struct Message {
  std::string role;
  std::string content;
};

struct RouteRequest {
  std::string request_id;  // the same id (per tenant) gives the same answer; empty: not idempotent
  std::string tenant;
  std::string session;
  std::string prompt;             // either a prompt ...
  std::vector<Message> messages;  // ... or a chat, oldest first
  std::vector<float> embedding;   // empty, or FeatureConfig::embedding_dimensions long
  std::vector<std::pair<std::string, double>> numeric_features;
  std::vector<std::pair<std::string, std::string>> categorical_features;
  int64_t max_output_tokens = 0;  // 0: not stated
  std::vector<std::string> required_capabilities;
  int64_t required_context_tokens = 0;     // 0: estimated from the prompt
  std::vector<std::string> allowed_tiers;  // empty: all
  std::string pinned_tier;                 // empty: none
  std::string caller_tier;                 // the caller's own choice (modes apprentice and log_only)
  // Tighter limits for this request alone; 0: those of the configuration. A looser one has no effect.
  double max_cost_usd = 0;    // the call is predicted to cost at most this
  double max_latency_ms = 0;  // predicted to take longer with a probability of at most 5%
  double min_quality = 0;     // predicted quality
  bool dry_run = false;                    // decide, but keep nothing
};

// A prediction with its central 90% interval.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

enum class ExclusionReason {
  kNone,
  kNotAllowed,         // not in allowed_tiers
  kNotPinned,          // another tier is pinned
  kMissingCapability,  // lacks a required capability
  kContextWindow,      // prompt and answer do not fit
  kRequestCost,        // dearer than the limit for one request
  kRequestLatency,     // too likely to be slower than the request allows
  kRequestQuality,     // worse than the request allows
  kBudget,             // a hard budget does not cover its worst case
  kCostGuard,          // the average cost is too far above its limit for a call as dear
  kQualityGuard,       // the quality floor is not met: only the safe tier serves
  kSession,            // the conversation keeps another tier
  kInfeasible,         // the limits cannot be met together: another tier answers, as on_infeasible says
};
std::string_view ToString(ExclusionReason reason);

// The percentiles that a latency limit can be on, and the share of answers that may be slower.
inline constexpr std::array<double, 3> kLateShares = {0.50, 0.05, 0.01};  // p50, p95, p99

// One tier as a decision saw it.
struct TierView {
  std::string tier;
  ExclusionReason exclusion = ExclusionReason::kNone;  // kNone: eligible
  std::string exclusion_detail;                        // for people, empty when eligible
  double quality = 0;                                  // predicted, in [0, 1] when well calibrated, not clipped
  double quality_sigma = 0;  // standard deviation of the quality prediction (of the mean, not of one answer)
  double cost_usd = 0;       // predicted mean
  double cost_ratio = 1;      // observed over predicted cost of the tier, already in cost_usd
  double worst_cost_usd = 0;  // what the call costs at most; 0: not known
  double latency_ms = 0;     // predicted median, with start_ms
  double start_ms = 0;       // what the call waits for a tier that went cold; 0: warm
  std::array<double, 3> late{};  // probability of being slower than limits.latency.p50_ms, p95_ms, p99_ms; 0: no limit
  double observations = 0;   // effective number behind the quality estimate
  double score = 0;          // objective minus priced limits, before exploration
  double propensity = 0;     // probability of being chosen, after every clamp
};

struct Decision {
  DecisionId id;
  std::string tier;
  std::string model;
  int64_t thinking_budget_tokens = 0;
  int64_t max_output_tokens = 0;  // longest answer to ask for: the request's, and what a cap on its cost leaves; 0: any
  std::vector<Deployment> deployments;
  std::vector<std::string> fallbacks;  // tiers to try next, best first: eligible, or excluded by the session alone
  double propensity = 1;
  Estimate quality;
  Estimate cost_usd;
  Estimate latency_ms;
  std::vector<TierView> tiers;  // in the order of the configuration
  int64_t snapshot = 0;
  Mode mode = Mode::kLive;
  std::string policy_tier;  // what the policy drew; differs from `tier` where the caller chose
  bool audit = false;
  double audit_probability = 0;
  std::string price_version;  // see DecisionRecord
  std::string infeasible;     // why the limits could not be met together; empty: they could
  bool session_kept = false;  // the conversation kept its tier
  bool replayed = false;  // answered from memory for a repeated request id
};

enum class CallStatus { kOk, kError, kTimeout, kRefused, kCancelled };

// What the model call really was.
struct Outcome {
  DecisionId decision_id;
  std::string tenant;
  CallStatus status = CallStatus::kOk;
  std::optional<int64_t> input_tokens;
  std::optional<int64_t> output_tokens;
  std::optional<int64_t> cached_input_tokens;  // of input_tokens: read from the provider's cache
  std::optional<int64_t> reasoning_tokens;     // of output_tokens: spent on thinking
  std::optional<double> cost_usd;  // nothing: settle by the price list
  std::optional<double> time_to_first_token_ms;
  std::optional<double> latency_ms;  // total
  int32_t retries = 0;
  std::string served_tier;   // empty: the chosen one
  std::string served_model;  // as the provider named it; empty: not told
};

enum class FeedbackSource { kUser, kJudge, kCheck };

struct Feedback {
  std::string feedback_id;  // idempotent; required
  DecisionId decision_id;
  std::string tenant;
  double reward = 0;  // in [0, 1]
  FeedbackSource source = FeedbackSource::kUser;
  std::string judge_version;
  std::string sender;  // who sent it: the name of its bearer key; empty: not known. At most 128 bytes
};

// Says that a record is on disk.
struct Receipt {
  bool duplicate = false;  // it had been there before, the same
  int64_t seq = 0;         // place in the log among its kind; 0: a duplicate
  int64_t cost_nanos = 0;  // of an outcome: what was settled, in 1e-9 US dollars
};

// Why a decision fell as it did.
struct Explanation {
  DecisionId id;
  int64_t time_us = 0;
  std::string tenant;
  std::string tier;
  std::string policy_tier;
  PolicyKind policy = PolicyKind::kFixed;
  Mode mode = Mode::kLive;
  double draw = 0;  // the number in [0, 1) that chose within the propensities
  std::vector<TierView> tiers;
  std::vector<std::pair<std::string, double>> multipliers;  // limit -> price in force
  int64_t snapshot = 0;                                     // the decision's
  int64_t contributions_snapshot = 0;                       // the one the contributions were computed with
  std::string feature_set;                                  // name and version
  struct Contribution {
    std::string feature;
    double value = 0;   // of the feature
    double effect = 0;  // on (quality of the chosen tier - quality of the runner-up)
  };
  std::vector<Contribution> contributions;  // strongest first, at most 10
  std::vector<std::string> flips;           // sentences: what would have changed the choice
};

}  // namespace suffice
