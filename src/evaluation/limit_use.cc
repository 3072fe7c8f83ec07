#include "evaluation/limit_use.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "suffice/types.h"

namespace suffice {
namespace {

using UseOfStep = std::function<double(const ReplayStep&)>;

LimitUse UseOf(std::string name, double limit, bool is_floor, const std::vector<ReplayPass>& passes,
               const UseOfStep& use) {
  LimitUse result{.name = std::move(name), .limit = limit};
  for (const ReplayPass& pass : passes) {
    double sum = 0;
    for (const ReplayStep& step : pass.steps) sum += use(step);
    result.per_seed.push_back(pass.steps.empty() ? 0 : sum / static_cast<double>(pass.steps.size()));
  }
  for (const double mean : result.per_seed) result.mean += mean / static_cast<double>(result.per_seed.size());
  const auto [least, most] = std::minmax_element(result.per_seed.begin(), result.per_seed.end());
  result.worst = is_floor ? *least : *most;
  return result;
}

double MeanQuality(const QualityCostTable& table, int tier) {
  double sum = 0;
  for (const auto& row : table) sum += row[static_cast<size_t>(tier)].quality;
  return sum / static_cast<double>(table.size());
}

}  // namespace

std::vector<LimitUse> LimitUses(const Config& config, const Traffic& traffic, const QualityCostTable& table,
                                const std::vector<ReplayPass>& passes) {
  std::vector<LimitUse> uses;
  const Limits& limits = config.limits;
  if (limits.cost.mean_usd > 0) {
    uses.push_back(UseOf("cost.mean", limits.cost.mean_usd, false, passes,
                         [&](const ReplayStep& step) {
                           return step.factors.cost * table[step.row][step.tier].cost_usd;
                         }));
  }
  const std::array<double, 3> limit_ms{limits.latency.p50_ms, limits.latency.p95_ms, limits.latency.p99_ms};
  constexpr std::array<const char*, 3> kNames{"latency.p50", "latency.p95", "latency.p99"};
  for (size_t p = 0; p < limit_ms.size(); ++p) {
    if (limit_ms[p] == 0) continue;
    uses.push_back(UseOf(kNames[p], kLateShares[p], false, passes, [&](const ReplayStep& step) {
      const TrafficTier& call = traffic.rows[step.row].tiers[step.tier];
      const auto& ms = limits.latency.metric == LatencyMetric::kTotal ? call.latency_ms : call.ttft_ms;
      return ms && *ms > limit_ms[p] ? 1.0 : 0.0;
    }));
  }
  if (limits.quality.floor > 0) {
    const int reference = config.TierIndex(limits.quality.relative_to);
    const double unit = reference < 0 ? 1 : MeanQuality(table, reference);
    uses.push_back(UseOf("quality.floor", limits.quality.floor, true, passes, [&](const ReplayStep& step) {
      return step.factors.QualityOf(table[step.row][step.tier].quality) / unit;
    }));
  }
  return uses;
}

}  // namespace suffice
