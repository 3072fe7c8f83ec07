#include "evaluation/plan_table.h"

#include <cmath>

namespace suffice {
namespace {

constexpr double kLongestMs = 1e8;

// Share of the answers that are slower.
double LateShare(const PlanTable& table, const ChoiceMix& mix, double limit_ms, double allowed_share) {
  double late = 0;
  for (const ChoiceMix::Part& part : mix.parts) {
    double sum = 0;
    for (size_t i = 0; i < part.choice.size(); ++i) {
      sum += table.Late(table.At(i, part.choice[i]), limit_ms, allowed_share);
    }
    late += part.weight * sum / static_cast<double>(part.choice.size());
  }
  return late;
}

// The least latency that all but `share` of the answers keep; 0 where even the longest does not.
double Percentile(const PlanTable& table, const ChoiceMix& mix, double share) {
  double low = 1, high = kLongestMs;
  if (LateShare(table, mix, high, share) > share + 1e-9) return 0;
  while (high > low * 1.002) {
    const double middle = std::sqrt(low * high);
    (LateShare(table, mix, middle, share) > share + 1e-9 ? low : high) = middle;
  }
  return high;
}

}  // namespace

double PlanTable::Late(const PlanCell& cell, double limit_ms, double allowed_share) const {
  if (cell.model < 0) return cell.log_latency > std::log(limit_ms) ? 1 : 0;
  const TierModel& model = models[static_cast<size_t>(cell.model)];
  return model.LateProbability(cell.log_latency, cell.input_tokens, limit_ms, allowed_share);
}

PlanPoint PointOf(const PlanTable& table, const ChoiceMix& mix, const std::array<double, 3>& limits_ms, bool with_p95) {
  PlanPoint point{.tier_share = std::vector<double>(static_cast<size_t>(table.tiers))};
  for (const ChoiceMix::Part& part : mix.parts) {
    const double weight = part.weight / static_cast<double>(part.choice.size());
    for (size_t i = 0; i < part.choice.size(); ++i) {
      const PlanCell& cell = table.At(i, part.choice[i]);
      point.quality += weight * cell.quality;
      point.cost_usd += weight * cell.cost_usd;
      point.tier_share[part.choice[i]] += weight;
    }
  }
  for (size_t p = 0; p < limits_ms.size(); ++p) {
    if (limits_ms[p] > 0) point.late[p] = LateShare(table, mix, limits_ms[p], kLateShares[p]);
  }
  if (with_p95) point.p95_ms = Percentile(table, mix, kLateShares[1]);
  return point;
}

}  // namespace suffice
