// What changed in the world, per tier: alarms on its quality, and what its calls cost against the prediction. A fold of
// the log in the order of its events, from the decisions' own rows: no prediction is made again, so a rebuild on other
// features finds the same alarms. Outcomes and feedback are two sequences without an order between them; the alarms
// look at feedback alone and the cost ratio at outcomes alone, so how the log is cut into batches does not matter.
// Thread contract: confined to one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/trust_fold.h"
#include "log/event_log.h"
#include "stats/cusum.h"
#include "suffice/config.h"

namespace suffice {

struct DriftAlarm {
  int64_t time_us = 0;       // when it was raised
  int64_t start_us = 0;      // when the change began: decisions made at it or later belong to the new epoch
  int64_t feedback_seq = 0;  // of the feedback that raised it
  Shift shift = Shift::kDrop;

  bool operator==(const DriftAlarm&) const = default;
};

struct TierDrift {
  Cusum cusum;
  std::vector<DriftAlarm> alarms;  // in order of time, and of feedback
  // Decisions since which the CUSUM's sums have been above 0.
  int64_t drop_start_us = 0, rise_start_us = 0;
  // When the decisions of the newest kRecentRewards feedbacks were made; and the newest of those before them, which no
  // change may reach back to.
  std::deque<int64_t> recent_us;
  int64_t older_us = 0;
  int64_t rewards = 0;
  // Sums over evaluations, which have no prediction: the prior of the residuals' variance.
  double reward_n = 0, reward_sum = 0, reward_squares = 0;
  // Discounted sums of squared residuals.
  double residual_n = 0, residual_squares = 0;
  // Calls settled, and discounted sums of observed over predicted cost, of its square, and of calls.
  int64_t calls = 0;
  double cost_observed = 0, cost_squares = 0, cost_predicted = 0;

  // Standard deviation of a reward about its prediction.
  double ResidualDeviation() const;
  bool operator==(const TierDrift&) const = default;
};

class DriftFold {
 public:
  static constexpr size_t kRecentRewards = 256;  // a tier

  explicit DriftFold(const DriftConfig& config) : config_(config) {}

  // Folds the outcomes and the decisions' first feedback with `before` < seq <= `after`. `touched`: every decision that
  // got one of them, in any order. A reward counts as far as `trust`, which has folded the same, believes it.
  void Fold(std::span<const ObservedDecision> touched, LogCursor before, LogCursor after, const TrustFold& trust);

  const DriftConfig& config() const { return config_; }
  const std::map<std::string, TierDrift, std::less<>>& tiers() const { return tiers_; }
  // In which epoch of the tier a decision was made: how many changes had begun.
  int64_t EpochAt(std::string_view tier, int64_t time_us) const;
  int64_t Epoch(std::string_view tier) const;  // the newest
  // Observed over predicted cost, to multiply predictions with; 1 for an unknown tier. Only what is more than two standard
  // errors counts (soft thresholding): costs scatter widely, and a ratio that follows their noise would make limits seem
  // out of reach.
  double CostRatio(std::string_view tier) const;

  void AppendTo(std::string& bytes) const;
  // INVALID_ARGUMENT when malformed or made with other settings.
  static absl::StatusOr<DriftFold> Read(std::string_view& bytes, const DriftConfig& config);

  bool operator==(const DriftFold&) const = default;

 private:
  void FoldCost(const ObservedDecision& observed);
  void FoldReward(const ObservedDecision& observed, double reward);
  void FoldResidual(const ObservedDecision& observed, double reward, const TierView& view, TierDrift& tier);
  void Standardised(double z, int64_t decision_us, const FeedbackRecord& record, TierDrift& tier);

  DriftConfig config_;
  std::map<std::string, TierDrift, std::less<>> tiers_;
};

}  // namespace suffice
