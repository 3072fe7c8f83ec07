#include "evaluation/tally.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "evaluation/baselines.h"
#include "evaluation/limit_use.h"

namespace suffice {
namespace {

constexpr size_t kCurvePoints = 40;

// Sums of what was chosen in [begin, end) of one pass.
struct Sums {
  double quality = 0, cost_usd = 0, decisions = 0;
  std::vector<double> tier;

  explicit Sums(size_t tiers) : tier(tiers) {}
  void Add(const ReplayPass& pass, const QualityCostTable& table, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const ReplayStep& step = pass.steps[i];
      quality += step.factors.QualityOf(table[step.row][step.tier].quality);
      cost_usd += step.factors.cost * table[step.row][step.tier].cost_usd;
      tier[step.tier] += 1;
      decisions += 1;
    }
  }
  double Quality() const { return quality / decisions; }
  double Cost() const { return cost_usd / decisions; }
  std::vector<double> Shares() const {
    std::vector<double> shares = tier;
    for (double& share : shares) share /= decisions;
    return shares;
  }
};

std::optional<double> GapClosedAt(const Sums& sums, const Baselines& baselines) {
  return GapClosed(sums.Quality(), baselines.best_mix.At(sums.Cost()), baselines.optimum.At(sums.Cost()));
}

void FillTotals(const std::vector<ReplayPass>& passes, const QualityCostTable& table, const Baselines& baselines,
                const ObjectiveConfig& objective, ReplayReport& report) {
  Sums all(report.tier_names.size());
  for (const ReplayPass& pass : passes) {
    Sums sums(report.tier_names.size());
    sums.Add(pass, table, 0, pass.steps.size());
    all.Add(pass, table, 0, pass.steps.size());
    report.per_seed.push_back(
        {pass.seed, sums.Quality(), sums.Cost(), GapClosedAt(sums, baselines), pass.drift_alarms});
  }
  report.quality_mean = all.Quality();
  report.cost_mean_usd = all.Cost();
  report.tier_share = all.Shares();
  double squares = 0;
  for (const SeedReport& seed : report.per_seed) {
    squares += (seed.quality - report.quality_mean) * (seed.quality - report.quality_mean);
  }
  report.quality_sd = passes.size() > 1 ? std::sqrt(squares / static_cast<double>(passes.size() - 1)) : 0;

  const double weight = objective.kind == ObjectiveKind::kWeighted ? objective.cost_weight : 0;
  const double achieved = report.quality_mean - weight * report.cost_mean_usd;
  const double decisions = all.decisions / static_cast<double>(passes.size());
  report.regret = (BestWeightedObjective(table, weight) - achieved) * decisions;
}

void FillLimits(const Config& config, const Traffic& traffic, const QualityCostTable& table,
                const std::vector<ReplayPass>& passes, ReplayReport& report) {
  report.limits = LimitUses(config, traffic, table, passes);
  for (const LimitUse& use : report.limits) {
    if (use.name == "latency.p95") report.late_share = use.mean;
  }
  double decisions = 0, infeasible = 0;
  for (const ReplayPass& pass : passes) {
    decisions += static_cast<double>(pass.steps.size());
    infeasible += static_cast<double>(pass.infeasible);
    if (!pass.infeasible_text.empty()) report.infeasible = pass.infeasible_text;
  }
  if (decisions > 0) report.infeasible_share = infeasible / decisions;
}

void FillCurve(const std::vector<ReplayPass>& passes, const QualityCostTable& table, const Baselines& baselines,
               size_t window_decisions, ReplayReport& report) {
  size_t n = passes[0].steps.size();
  for (const ReplayPass& pass : passes) n = std::min(n, pass.steps.size());
  const size_t points = window_decisions > 0 ? std::max<size_t>(1, n / window_decisions) : std::min(kCurvePoints, n);
  for (size_t p = 0; p < points; ++p) {
    const size_t begin = p * n / points, end = (p + 1) * n / points;
    Sums window(report.tier_names.size());
    for (const ReplayPass& pass : passes) window.Add(pass, table, begin, end);
    report.learning_curve.push_back(
        {static_cast<int64_t>(end), window.Quality(), window.Cost(), GapClosedAt(window, baselines), window.Shares()});
  }
}

void FillChecks(const std::vector<ReplayPass>& passes, ReplayReport& report) {
  PropensityCheck check(report.tier_names.size());
  std::vector<float> decide_us;
  for (const ReplayPass& pass : passes) {
    check.Merge(pass.propensities);
    decide_us.insert(decide_us.end(), pass.decide_us.begin(), pass.decide_us.end());
  }
  report.propensity_check = check.Evaluate();
  const auto percentile = [&](double p) {
    const auto at = decide_us.begin() + static_cast<std::ptrdiff_t>(p * static_cast<double>(decide_us.size() - 1));
    std::nth_element(decide_us.begin(), at, decide_us.end());
    return static_cast<double>(*at);
  };
  report.decide_us_p50 = percentile(0.5);
  report.decide_us_p99 = percentile(0.99);
}

}  // namespace

std::vector<int> ShuffledRows(size_t n, uint64_t seed) {
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(seed);  // its output is fixed by the standard, so that an order is the same everywhere
  for (size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

ReplayReport Tally(const Config& config, const Traffic& traffic, const std::vector<ReplayPass>& passes,
                   int64_t window) {
  const QualityCostTable table = MakeQualityCostTable(traffic, config.tiers);
  const Baselines baselines = MakeBaselines(table);
  ReplayReport report;
  report.config_name = config.name;
  report.config_hash = config.Hash();
  report.policy = std::string(ToString(config.policy.kind));
  report.tier_names = traffic.tier_names;
  int64_t served = 0, refused = 0;
  for (const ReplayPass& pass : passes) {
    served += std::ssize(pass.steps);
    refused += pass.refused;
    report.budgets.insert(report.budgets.end(), pass.budgets.begin(), pass.budgets.end());
  }
  report.decisions = served / std::ssize(passes);
  report.refused_share = static_cast<double>(refused) / static_cast<double>(served + refused);
  report.seeds = std::ssize(passes);
  FillTotals(passes, table, baselines, config.objective, report);
  FillLimits(config, traffic, table, passes, report);
  FillBaselines(baselines, report);
  FillCurve(passes, table, baselines, static_cast<size_t>(window), report);
  FillChecks(passes, report);
  return report;
}

}  // namespace suffice
