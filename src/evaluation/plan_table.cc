#include "evaluation/plan_table.h"

#include <cmath>

#include "stats/normal.h"

namespace suffice {
namespace {

constexpr double kLongestMs = 1e9;

// Share of the answers that are slower.
double LateShare(const PlanTable& table, const ChoiceMix& mix, double limit_ms) {
  const double log_limit = std::log(limit_ms);
  double late = 0;
  for (const ChoiceMix::Part& part : mix.parts) {
    double sum = 0;
    for (size_t i = 0; i < part.choice.size(); ++i) sum += table.At(i, part.choice[i]).LateAtLog(log_limit);
    late += part.weight * sum / static_cast<double>(part.choice.size());
  }
  return late;
}

// The least latency that all but `share` of the answers keep; 0 where even the longest does not.
double Percentile(const PlanTable& table, const ChoiceMix& mix, double share) {
  double low = 1e-3, high = kLongestMs;
  if (LateShare(table, mix, high) > share) return 0;
  while (high > low * (1 + 1e-4)) {
    const double middle = std::sqrt(low * high);
    (LateShare(table, mix, middle) > share ? low : high) = middle;
  }
  return high;
}

}  // namespace

double PlanCell::LateAtLog(double log_limit) const {
  const double above = log_latency - log_limit;
  if (log_latency_deviation <= 0) return above > 0 ? 1 : 0;
  return NormalTable::Get().At(above / log_latency_deviation).cdf;
}

double PlanCell::Late(double limit_ms) const { return limit_ms > 0 ? LateAtLog(std::log(limit_ms)) : 1; }

PlanPoint PointOf(const PlanTable& table, const ChoiceMix& mix, const std::array<double, 3>& limits_ms) {
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
    if (limits_ms[p] > 0) point.late[p] = LateShare(table, mix, limits_ms[p]);
  }
  point.p95_ms = Percentile(table, mix, kLateShares[1]);
  return point;
}

PlanPoint PointOf(const PlanTable& table, const Choice& choice, const std::array<double, 3>& limits_ms) {
  return PointOf(table, ChoiceMix{.parts = {{1, choice}}}, limits_ms);
}

}  // namespace suffice
