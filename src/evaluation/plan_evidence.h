// What a plan rests on: a sample of the traffic, and statistics to predict every tier's answer from. Taken from recorded
// traffic, where every answer is known, or from an event log.
// Thread contract: confined to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/plan_limits.h"
#include "evaluation/plan_table.h"
#include "evaluation/traffic.h"
#include "learner/limit_fold.h"
#include "learner/statistics.h"
#include "log/event_log.h"
#include "suffice/config.h"

namespace suffice {

struct PlanRequest {
  std::vector<float> x;  // bias first
  double input_tokens = 0;
  int64_t max_output_tokens = 0;
  std::vector<std::string> excluded;  // tiers that the request itself ruled out
  int learned = 0;                    // which part of PlanEvidence::learned predicts for it
};

// How the decisions of a log went.
struct PlanToday {
  int64_t decisions = 0;
  double days = 0;          // from the first to the last of them
  int64_t rated = 0;        // with feedback ...
  double quality = 0;       // ... and its mean, with the central 95% of that
  double quality_low = 0, quality_high = 0;
  double predicted_quality = 0;  // of the same decisions, by the newest statistics
  int64_t settled = 0;           // with an outcome ...
  double cost_usd = 0;           // ... and its mean per call
  int64_t timed = 0;             // with a latency
  std::array<double, 3> late{};  // share of these slower than the limits
  double p95_ms = 0;
  std::vector<double> tier_share;  // by tier of the configuration; less than 1 in sum where others served
};

// Everything that predictions are made from.
struct PlanLearned {
  Statistics statistics;
  LimitFold limits;  // for its recent latencies
  // All latencies that were shown, by tier, instead of the recent ones; empty: those of `limits`.
  std::map<std::string, std::vector<LatencyObservation>> latencies;
};

struct PlanEvidence {
  std::vector<PlanRequest> requests;
  std::vector<PlanLearned> learned;
  PlanTraffic traffic;
  std::optional<Traffic> known;  // the same requests in the same order
  std::optional<PlanToday> today;
  std::string source;  // for people
};

// From traffic whose every answer is known: each half of it is predicted by statistics of the other half and of the
// warm-up, so no request has taught what is predicted for it. `warmup` may be null. INVALID_ARGUMENT names the option.
absl::StatusOr<PlanEvidence> EvidenceFromTraffic(const Config& config, const Traffic& traffic, const Traffic* warmup);

// From the newest `rows` decisions of a log (evaluations left out) and the statistics of all of it. Writes nothing.
// FAILED_PRECONDITION: no decisions, or no outcome and feedback yet.
absl::StatusOr<PlanEvidence> EvidenceFromLog(EventLog& log, const Config& config, int64_t rows);

// What every tier of `config` is predicted to answer, at the prices of `time_us`. The configuration may differ from the evidence's in all but
// `features` and `policy.half_life`. Requests that no tier may answer (limits.cost.per_request_usd) are left out;
// `kept` gets the others' places.
PlanTable PredictAnswers(const PlanEvidence& evidence, const Config& config, int64_t time_us,
                         std::vector<size_t>& kept);

// What every tier of `config` did answer to the requests at `kept`; nothing where that is not known of a tier. Costs
// follow a change of price from `recorded`, by the tokens where they are known. A tier without a recorded latency
// counts as late.
std::optional<PlanTable> KnownAnswers(const PlanEvidence& evidence, const Config& config, const Config& recorded,
                                      int64_t time_us, const std::vector<size_t>& kept);

}  // namespace suffice
