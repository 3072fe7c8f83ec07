// What the limits need to know of the past: a fold of outcomes and feedback in the order of the log. How far use has
// been above each limit (debts), the contexts that multipliers are solved on, recent latencies, and the confidence
// sequence of the quality floor.
// Thread contract: a value type, confined to the learner.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/config_book.h"
#include "learner/statistics.h"
#include "log/event_log.h"
#include "stats/confidence_sequence.h"
#include "suffice/config.h"

namespace suffice {

// What a past decision was made on: everything that predictions for it need.
struct LimitContext {
  std::vector<float> x;
  double input_tokens = 0;        // estimated from the prompt's length
  int64_t max_output_tokens = 0;  // 0: not stated
  std::string tenant;
  std::vector<std::string> excluded;  // tiers that the request itself ruled out
};

// One call's latency, for the distribution of what the latency model leaves unexplained.
struct LatencyObservation {
  std::vector<float> x;
  double log_ms = 0;
  double input_tokens = 0;  // estimated from the prompt's length
  int64_t time_us = 0;
};

// Use above a limit in requests' worth, D <- max(-200, D + use / limit - 1), and the plain mean of the use since the
// limit has had its present value.
struct LimitDebt {
  double limit = 0;
  double debt = 0;
  double sum = 0;
  int64_t n = 0;

  void Add(double use, double limit_value);
  // For limits whose debt is not use / limit - 1.
  void Add(double use, double limit_value, double excess);
  double Mean() const { return n == 0 ? 0 : sum / static_cast<double>(n); }
};

class LimitFold {
 public:
  static constexpr size_t kContexts = 512;
  static constexpr size_t kLatencies = 1024;  // a tier
  static constexpr size_t kRecent = 4096;

  // Takes in the outcomes and feedbacks between two cursors, in the order of the log. `statistics` projects decisions and,
  // where it has folded the same, says how far a reward is believed;
  // `configs` tells the limits that they were made under.
  void Fold(const std::vector<ObservedDecision>& touched, LogCursor before, LogCursor after, Statistics& statistics,
            ConfigBook& configs);

  const LimitDebt& cost() const { return cost_; }
  const std::array<LimitDebt, 3>& late() const { return late_; }  // p50, p95, p99
  const LimitDebt& floor() const { return floor_; }
  // How much better than estimated the reference tier's mean quality may be, as far as it was seen (the upper end of a
  // one-sided 95% interval): a relative floor asks for a share of a quality that is itself an estimate. 0 without one.
  double ReferenceError() const;
  // Of the quality of audited decisions; with a relative floor, of (1 + reward - share * reference) / 2.
  const ConfidenceSequence& audits() const { return audits_; }
  // As long as `audits` is young, the one before it; empty at first.
  const ConfidenceSequence& audits_before() const { return audits_before_; }
  const std::deque<LimitContext>& contexts() const { return contexts_; }
  const std::map<std::string, std::deque<LatencyObservation>>& latencies() const { return latencies_; }
  int64_t contexts_seen() const { return contexts_seen_; }
  // When and how slow the newest answers were: what the status reports on.
  const std::deque<std::pair<int64_t, float>>& recent_ms() const { return recent_ms_; }
  int64_t newest_us() const { return newest_us_; }  // the latest decision taken in

  std::string Serialize() const;
  static absl::StatusOr<LimitFold> Deserialize(std::string_view bytes);

 private:
  void AddOutcome(const ObservedDecision& observed, std::span<const float> x, const Config& config);
  void AddContext(const DecisionRecord& decision, std::span<const float> x);
  void AddLatency(const DecisionRecord& decision, const OutcomeRecord& outcome, std::span<const float> x,
                  const LatencyLimits& limits);
  void AddReference(const DecisionRecord& decision, double reward, const QualityLimits& limits);
  void AddFeedback(const DecisionRecord& decision, double reward, const Config& config);

  LimitDebt cost_, floor_;
  std::array<LimitDebt, 3> late_;
  std::string reference_tier_;
  double reference_n_ = 0, reference_sum_ = 0, reference_squares_ = 0;  // of its rewards
  ConfidenceSequence audits_, audits_before_;
  double audited_floor_ = 0;  // that `audits_` began with
  std::deque<LimitContext> contexts_;
  int64_t contexts_seen_ = 0;
  std::map<std::string, std::deque<LatencyObservation>> latencies_;
  std::deque<std::pair<int64_t, float>> recent_ms_;  // time of the decision, milliseconds
  int64_t newest_us_ = 0;
};

// Quality that a floor asks of a decision: the floor itself, or its share of what the reference tier is predicted to
// give (from the row) and `reference_error` more.
double FloorOf(const QualityLimits& limits, const DecisionRecord& decision, double reference_error);

}  // namespace suffice
