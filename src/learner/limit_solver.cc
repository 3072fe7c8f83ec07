#include "learner/limit_solver.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "learner/limit_report.h"

namespace suffice {
namespace {

// How much of a limit a debt may tighten or loosen it by, and over how many requests it is paid back.
constexpr double kMostTightening = 0.7, kMostFloorTightening = 0.01;
constexpr double kCostHorizon = 200, kLateHorizon = 500, kFloorHorizon = 1000;
// A floor is aimed at from above: its debt is paid back slowly, and what is learned late is optimistic.
constexpr double kFloorMargin = 0.001;
// Fewer contexts are too few to say that limits cannot be met.
constexpr int64_t kContextsToJudge = 32;
// Predictions are not exact: what they miss a limit by within this share of it is served as near to it as can be.
constexpr double kJudgedWithin = 0.03;
constexpr double kLeastUsd = 1e-12;
// By which a limit's price is raised, relatively: where it makes two tiers equally good, the limit decides. More than
// what rounding a decision's estimates moves their scores by.
constexpr double kHair = 1e-6;

double Tightening(const LimitDebt& debt, double limit, double horizon, double most) {
  // A debt against another value of the limit still is one, in requests' worth.
  return debt.limit == 0 || limit == 0 ? 0 : std::clamp(debt.debt / horizon, -most, most);
}

std::array<double, 3> LatencyLimitsMs(const LatencyLimits& limits) {
  return {limits.p50_ms, limits.p95_ms, limits.p99_ms};
}

// Mean cost of the tier in the middle by cost: what the objective min_cost counts in.
double MiddleCost(const ContextTable& table) {
  std::vector<double> costs(table.tiers);
  for (size_t i = 0; i < table.means.size(); ++i) costs[i % table.tiers] += table.means[i].cost_usd;
  std::nth_element(costs.begin(), costs.begin() + static_cast<std::ptrdiff_t>(costs.size() / 2), costs.end());
  return std::max(kLeastUsd, costs[costs.size() / 2] / static_cast<double>(table.contexts()));
}

double MeanQuality(const ContextTable& table, size_t tier) {
  double sum = 0;
  for (size_t i = tier; i < table.means.size(); i += table.tiers) sum += table.means[i].quality;
  return sum / static_cast<double>(table.contexts());
}

// What a floor is in quality on average: the limit's unit in the dual.
double FloorUnit(const ContextTable& table, const PacedLimit& limit) {
  return limit.tier < 0 ? limit.limit
                        : limit.limit * std::max(0.05, MeanQuality(table, static_cast<size_t>(limit.tier)));
}

// Use above the limit, in its unit, for every context and tier. `limit_ms`: of a latency limit.
std::vector<double> Excess(const std::vector<TierModel>& models, const ContextTable& table, const PacedLimit& limit,
                           double limit_ms) {
  std::vector<double> excess(table.means.size());
  const double unit = limit.kind == PacedLimit::Kind::kFloor ? FloorUnit(table, limit) : limit.limit;
  for (size_t i = 0; i < excess.size(); ++i) {
    const size_t tier = i % table.tiers;
    const TierMeans& mean = table.means[i];
    switch (limit.kind) {
      case PacedLimit::Kind::kCost: {
        const bool counts = limit.tier < 0 || static_cast<size_t>(limit.tier) == tier;
        excess[i] = (counts ? mean.cost_usd : 0) / unit - 1;
        break;
      }
      case PacedLimit::Kind::kLate:
        excess[i] = models[tier].LateProbability(mean.log_latency, table.input_tokens[i / table.tiers], limit_ms, unit) / unit - 1;
        break;
      case PacedLimit::Kind::kFloor: {
        const double reference =
            limit.tier < 0 ? 1
                           : table.means[i - tier + static_cast<size_t>(limit.tier)].quality + limit.reference_error;
        excess[i] = (limit.limit * reference + kFloorMargin - mean.quality) / unit;
        break;
      }
    }
  }
  return excess;
}

double LimitMs(const Config& config, const PacedLimit& limit) {
  return limit.kind == PacedLimit::Kind::kLate
             ? LatencyLimitsMs(config.limits.latency)[static_cast<size_t>(limit.percentile)]
             : 0;
}

// Natural weights from the dual's multipliers.
void AddWeights(const Config& config, const ContextTable& table, const std::vector<PacedLimit>& limits,
                const std::vector<double>& multipliers, LimitsInForce& in_force) {
  ScoreWeights& weights = in_force.weights;
  weights = {};
  switch (config.objective.kind) {
    case ObjectiveKind::kMaxQuality:
      break;
    case ObjectiveKind::kMinCost:
      weights = {.quality = 0, .cost_usd = 1 / MiddleCost(table)};
      break;
    case ObjectiveKind::kWeighted:
      weights.cost_usd = config.objective.cost_weight;
      break;
  }
  for (size_t j = 0; j < limits.size(); ++j) {
    const PacedLimit& limit = limits[j];
    const double multiplier = multipliers[j] * (1 + kHair);
    switch (limit.kind) {
      case PacedLimit::Kind::kCost:
        if (limit.tier < 0) {
          weights.cost_usd += multiplier / limit.limit;
        } else {
          in_force.tier_usd.resize(config.tiers.size());
          in_force.tier_usd[static_cast<size_t>(limit.tier)] += multiplier / limit.limit;
        }
        break;
      case PacedLimit::Kind::kLate:
        weights.late[static_cast<size_t>(limit.percentile)] += multiplier / limit.limit;
        break;
      case PacedLimit::Kind::kFloor:
        weights.quality += multiplier / FloorUnit(table, limit);
        break;
    }
  }
}

// Sweeps over the multipliers may stop at a kink before limits that cannot be kept together have driven one of them up.
bool KeepsLimits(const DualSolution& dual) {
  constexpr double kWithin = 1e-3;
  return std::all_of(dual.excess.begin(), dual.excess.end(), [](double excess) { return excess <= kWithin; });
}

// The scores under `in_force` as the objective of a problem of one tenant's contexts, for its own budgets.
DualProblem TenantProblem(const std::vector<TierModel>& models, const ContextTable& table,
                          const std::vector<PacedLimit>& own, const DualProblem& everybody,
                          const std::vector<double>& multipliers, const std::string& tenant) {
  constexpr size_t kEnough = 32;
  std::vector<size_t> rows;
  for (size_t i = 0; i < table.contexts(); ++i) {
    if (table.tenants[i] == tenant) rows.push_back(i);
  }
  if (rows.size() < kEnough) {
    rows.resize(table.contexts());
    std::iota(rows.begin(), rows.end(), size_t{0});
  }
  DualProblem problem{.options = everybody.options};
  std::vector<std::vector<double>> excess;
  for (const PacedLimit& limit : own) excess.push_back(Excess(models, table, limit, 0));
  problem.excess.resize(own.size());
  for (const size_t row : rows) {
    for (size_t i = row * table.tiers; i < (row + 1) * table.tiers; ++i) {
      double score = everybody.objective[i];
      for (size_t j = 0; j < multipliers.size(); ++j) score -= multipliers[j] * everybody.excess[j][i];
      problem.objective.push_back(score);
      problem.eligible.push_back(everybody.eligible[i]);
      for (size_t j = 0; j < own.size(); ++j) problem.excess[j].push_back(excess[j][i]);
    }
  }
  return problem;
}

void SolveTenants(const Config& config, const std::vector<TierModel>& models, const ContextTable& table,
                  const std::vector<PacedBudget>& budgets, const DualProblem& everybody,
                  const std::vector<double>& multipliers, LimitsInForce& in_force) {
  std::map<std::string, std::vector<PacedLimit>> by_tenant;
  for (const PacedBudget& budget : budgets) {
    if (budget.tenant.empty()) continue;
    by_tenant[budget.tenant].push_back({.name = "cost." + budget.name,
                                        .limit = std::max(kLeastUsd, budget.target_usd),
                                        .tier = budget.tier.empty() ? -1 : config.TierIndex(budget.tier)});
  }
  for (const auto& [tenant, own] : by_tenant) {
    const DualProblem problem = TenantProblem(models, table, own, everybody, multipliers, tenant);
    const DualSolution solution = SolveDual(problem);
    TenantWeights weights;
    for (size_t j = 0; j < own.size(); ++j) {
      const double price = solution.multipliers[j] * (1 + kHair) / own[j].limit;
      if (price == 0) continue;
      if (own[j].tier < 0) {
        weights.cost_usd += price;
      } else {
        weights.tier_usd.resize(config.tiers.size());
        weights.tier_usd[static_cast<size_t>(own[j].tier)] += price;
      }
    }
    if (weights != TenantWeights()) in_force.tenants[tenant] = std::move(weights);
  }
}

}  // namespace

ContextTable PredictContexts(const Config& config, const std::vector<TierModel>& models, const LimitFold& fold,
                             int64_t time_us) {
  constexpr double kTypicalInputTokens = 200;
  ContextTable table{.tiers = models.size()};
  const auto add = [&](const LimitContext& context) {
    bool any = false;
    for (const Tier& tier : config.tiers) {
      const bool eligible =
          std::find(context.excluded.begin(), context.excluded.end(), tier.name) == context.excluded.end();
      table.eligible.push_back(eligible);
      any |= eligible;
    }
    // Its tiers are all gone from the configuration: a context for the others.
    if (!any) std::fill(table.eligible.end() - static_cast<std::ptrdiff_t>(table.tiers), table.eligible.end(), 1);
    for (size_t k = 0; k < models.size(); ++k) {
      table.means.push_back(models[k].PredictMeans(context.x, context.input_tokens, context.max_output_tokens,
                                                   config.tiers[k].PriceAt(time_us)));
    }
    table.input_tokens.push_back(context.input_tokens);
    table.tenants.push_back(context.tenant);
  };
  for (const LimitContext& context : fold.contexts()) add(context);
  if (fold.contexts().empty()) {
    LimitContext typical{.input_tokens = kTypicalInputTokens};
    typical.x.resize(1024);
    typical.x[0] = 1;
    add(typical);
  }
  return table;
}

std::vector<PacedLimit> PacedLimitsOf(const Config& config, const std::vector<PacedBudget>& budgets,
                                      const LimitFold& fold) {
  std::vector<PacedLimit> limits;
  if (const double mean = config.limits.cost.mean_usd; mean > 0) {
    limits.push_back({.name = "cost.mean",
                      .limit = mean,
                      .tightening = Tightening(fold.cost(), mean, kCostHorizon, kMostTightening)});
  }
  for (const PacedBudget& budget : budgets) {
    if (!budget.tenant.empty()) continue;
    limits.push_back({.name = "cost." + budget.name,
                      .limit = std::max(kLeastUsd, budget.target_usd),
                      .tier = budget.tier.empty() ? -1 : config.TierIndex(budget.tier)});
  }
  constexpr std::array<const char*, 3> kNames{"latency.p50", "latency.p95", "latency.p99"};
  const std::array<double, 3> limit_ms = LatencyLimitsMs(config.limits.latency);
  for (size_t p = 0; p < limit_ms.size(); ++p) {
    if (limit_ms[p] == 0) continue;
    limits.push_back({.name = kNames[p],
                      .kind = PacedLimit::Kind::kLate,
                      .limit = kLateShares[p],
                      .percentile = static_cast<int>(p),
                      .tightening = Tightening(fold.late()[p], kLateShares[p], kLateHorizon, kMostTightening)});
  }
  if (const QualityLimits& quality = config.limits.quality; quality.floor > 0) {
    limits.push_back({.name = "quality.floor",
                      .kind = PacedLimit::Kind::kFloor,
                      .limit = quality.floor,
                      .tier = quality.relative_to.empty() ? -1 : config.TierIndex(quality.relative_to),
                      .tightening = Tightening(fold.floor(), quality.floor, kFloorHorizon, kMostFloorTightening),
                      .reference_error = fold.ReferenceError()});
  }
  return limits;
}

DualProblem MakeProblem(const Config& config, const std::vector<TierModel>& models, const ContextTable& table,
                        const std::vector<PacedLimit>& limits) {
  DualProblem problem{.options = static_cast<int>(table.tiers), .eligible = table.eligible};
  problem.objective.reserve(table.means.size());
  const double unit = config.objective.kind == ObjectiveKind::kMinCost ? MiddleCost(table) : 1;
  for (const TierMeans& mean : table.means) {
    switch (config.objective.kind) {
      case ObjectiveKind::kMaxQuality:
        problem.objective.push_back(mean.quality);
        break;
      case ObjectiveKind::kMinCost:
        problem.objective.push_back(-mean.cost_usd / unit);
        break;
      case ObjectiveKind::kWeighted:
        problem.objective.push_back(mean.quality - config.objective.cost_weight * mean.cost_usd);
        break;
    }
  }
  for (const PacedLimit& limit : limits) {
    problem.excess.push_back(Excess(models, table, limit, LimitMs(config, limit)));
  }
  return problem;
}

double NearestFeasible(const Config& config, const std::vector<TierModel>& models, const ContextTable& table,
                       const std::vector<PacedLimit>& limits, size_t j) {
  DualProblem problem = MakeProblem(config, models, table, limits);
  const std::optional<double> least = LeastExcess(problem, j);
  if (!least) return 0;
  const PacedLimit& limit = limits[j];
  if (limit.kind == PacedLimit::Kind::kCost) return limit.limit * (1 + std::max(0.0, *least));
  if (limit.kind == PacedLimit::Kind::kFloor) return limit.limit * (1 - std::max(0.0, *least));
  constexpr double kMostTimes = 1024;
  const double asked = LimitMs(config, limit);
  const auto feasible_at = [&](double ms) {
    problem.excess[j] = Excess(models, table, limit, ms);
    const std::optional<double> at = LeastExcess(problem, j);
    return at && *at <= 0;
  };
  double low = asked, high = asked;
  while (!feasible_at(high)) {
    low = high;
    high *= 2;
    if (high > kMostTimes * asked) return 0;
  }
  while (high > low * 1.002) {
    const double middle = std::sqrt(low * high);
    (feasible_at(middle) ? high : low) = middle;
  }
  return high;
}

LimitSolution SolveLimits(const Config& config, const std::vector<TierModel>& models, const LimitInputs& inputs) {
  LimitSolution solution;
  LimitsInForce& in_force = solution.in_force;
  const LimitFold& fold = *inputs.fold;
  const std::vector<PacedLimit> limits = PacedLimitsOf(config, inputs.budgets, fold);
  const bool paces = !limits.empty() || !inputs.budgets.empty();
  if (!paces) {
    if (config.objective.kind == ObjectiveKind::kWeighted) in_force.weights.cost_usd = config.objective.cost_weight;
    return solution;
  }
  const ContextTable table = PredictContexts(config, models, fold, fold.newest_us());
  const DualProblem problem = MakeProblem(config, models, table, limits);
  std::vector<double> tightening;
  for (const PacedLimit& limit : limits) tightening.push_back(limit.tightening);
  const bool same_limits = inputs.warm_start.size() == limits.size();
  const DualSolution dual = SolveDual(problem, tightening, same_limits ? inputs.warm_start : std::vector<double>());
  solution.multipliers = dual.multipliers;
  AddWeights(config, table, limits, dual.multipliers, in_force);
  SolveTenants(config, models, table, inputs.budgets, problem, dual.multipliers, in_force);
  in_force.cost_debt = fold.cost().debt;
  ReportLimits(config, table, limits, dual, fold, in_force);
  const bool kept = !dual.clamped && KeepsLimits(dual);
  if (!kept && fold.contexts_seen() >= kContextsToJudge && !IsFeasible(problem, kJudgedWithin)) {
    ReportInfeasible(config, models, table, limits, in_force);
  }
  JudgeQuality(config, table, fold, in_force);
  return solution;
}

}  // namespace suffice
