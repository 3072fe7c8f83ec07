#include "evaluation/plan_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {
namespace {

double DaysOf(BudgetPeriod period) {
  switch (period) {
    case BudgetPeriod::kHour:
      return 1.0 / 24;
    case BudgetPeriod::kDay:
      return 1;
    case BudgetPeriod::kWeek:
      return 7;
    case BudgetPeriod::kMonth:
      return 365.25 / 12;
  }
  return 1;
}

// Those with the most requests, the busiest first.
std::vector<std::string> BusiestTenants(const PlanTraffic& traffic) {
  std::map<std::string, int64_t> counts;
  for (const std::string& tenant : traffic.tenants) ++counts[tenant];
  std::vector<std::string> tenants;
  for (const auto& [tenant, count] : counts) tenants.push_back(tenant);
  std::stable_sort(tenants.begin(), tenants.end(),
                   [&](const std::string& a, const std::string& b) { return counts[a] > counts[b]; });
  tenants.resize(std::min(tenants.size(), kMostAccounts));
  return tenants;
}

// Name of one account of a budget: "cost.daily", "cost.daily[acme]", "cost.daily[acme, large]".
std::string AccountName(const Budget& budget, const std::string& tenant, const std::string& tier) {
  std::string of;
  if (budget.tenant.empty() && !tenant.empty()) of = tenant;
  if (budget.tier.empty() && !tier.empty()) of += (of.empty() ? "" : ", ") + tier;
  return fmt::format("cost.{}{}", budget.name, of.empty() ? "" : "[" + of + "]");
}

void AddAccounts(const Config& config, const PlanTraffic& traffic, const Budget& budget,
                 std::vector<PlanLimit>& limits) {
  const bool each_tenant = budget.each == BudgetScope::kTenant || budget.each == BudgetScope::kTenantAndTier;
  const bool each_tier = budget.each == BudgetScope::kTier || budget.each == BudgetScope::kTenantAndTier;
  std::vector<std::string> tenants{budget.tenant};
  std::vector<int> tiers{budget.tier.empty() ? -1 : config.TierIndex(budget.tier)};
  if (each_tenant && budget.tenant.empty() && !traffic.tenants.empty()) tenants = BusiestTenants(traffic);
  if (each_tier && budget.tier.empty()) {
    tiers.clear();
    for (int k = 0; k < static_cast<int>(config.tiers.size()); ++k) tiers.push_back(k);
  }
  const double usd_a_day = budget.usd / DaysOf(budget.period);
  for (const std::string& tenant : tenants) {
    for (const int tier : tiers) {
      const std::string tier_name = tier < 0 ? "" : config.tiers[static_cast<size_t>(tier)].name;
      limits.push_back({.name = AccountName(budget, tenant, tier_name),
                        .kind = PlanLimit::Kind::kCost,
                        .limit = usd_a_day / traffic.requests_a_day,
                        .tenant = tenant,
                        .tier = tier,
                        .usd_a_day = usd_a_day});
    }
  }
}

// Excess of each request and tier, by a function of (request, tier).
template <typename Excess>
std::vector<double> Fill(const PlanTable& table, const Excess& excess) {
  std::vector<double> values;
  values.reserve(table.cells.size());
  for (size_t i = 0; i < table.requests(); ++i) {
    for (size_t k = 0; k < static_cast<size_t>(table.tiers); ++k) values.push_back(excess(i, k));
  }
  return values;
}

std::vector<double> CostExcess(const PlanTable& table, const PlanLimit& limit, const PlanTraffic& traffic) {
  const bool one_tenant = !limit.tenant.empty();
  return Fill(table, [&](size_t i, size_t k) {
    const bool other_tenant = one_tenant && (i >= traffic.tenants.size() || traffic.tenants[i] != limit.tenant);
    const bool counts = !other_tenant && (limit.tier < 0 || k == static_cast<size_t>(limit.tier));
    return (counts ? table.At(i, k).cost_usd / limit.limit : 0) - 1;
  });
}

std::vector<double> QualityExcess(const PlanTable& table, const PlanLimit& limit) {
  if (limit.reference < 0) {
    return Fill(table, [&](size_t i, size_t k) { return 1 - table.At(i, k).quality / limit.limit; });
  }
  const auto reference = static_cast<size_t>(limit.reference);
  double mean = 0;
  for (size_t i = 0; i < table.requests(); ++i) mean += table.At(i, reference).quality;
  mean = std::max(mean / static_cast<double>(table.requests()), 1e-9);
  return Fill(table, [&](size_t i, size_t k) {
    return (limit.limit * table.At(i, reference).quality - table.At(i, k).quality) / (limit.limit * mean);
  });
}

}  // namespace

absl::StatusOr<std::vector<PlanLimit>> PlanLimitsOf(const Config& config, const PlanTraffic& traffic) {
  using Kind = PlanLimit::Kind;
  const Limits& stated = config.limits;
  std::vector<PlanLimit> limits;
  if (stated.cost.mean_usd > 0) {
    limits.push_back({.name = "cost.mean",
                      .limit = stated.cost.mean_usd,
                      .usd_a_day = stated.cost.mean_usd * traffic.requests_a_day});
  }
  for (const Budget& budget : stated.cost.budgets) {
    if (traffic.requests_a_day <= 0) {
      return InvalidField("requests-per-day",
                          fmt::format("expected the requests of a day, to see what budget {} means for each",
                                      budget.name));
    }
    AddAccounts(config, traffic, budget, limits);
  }
  const std::array<std::pair<const char*, double>, 3> percentiles{{{"latency.p50", stated.latency.p50_ms},
                                                                   {"latency.p95", stated.latency.p95_ms},
                                                                   {"latency.p99", stated.latency.p99_ms}}};
  for (size_t p = 0; p < percentiles.size(); ++p) {
    const auto& [name, limit_ms] = percentiles[p];
    if (limit_ms > 0) {
      limits.push_back({.name = name, .kind = Kind::kLate, .limit = limit_ms, .percentile = static_cast<int>(p)});
    }
  }
  if (stated.quality.floor > 0) {
    const bool relative = !stated.quality.relative_to.empty();
    limits.push_back({.name = "quality.floor",
                      .kind = Kind::kQuality,
                      .limit = stated.quality.floor,
                      .reference = relative ? config.TierIndex(stated.quality.relative_to) : -1});
  }
  return limits;
}

DualProblem PlanProblem(const PlanTable& table, const ObjectiveConfig& objective, const std::vector<PlanLimit>& limits,
                        const PlanTraffic& traffic) {
  DualProblem problem{.options = table.tiers};
  problem.objective = Fill(table, [&](size_t i, size_t k) {
    const PlanCell& cell = table.At(i, k);
    switch (objective.kind) {
      case ObjectiveKind::kMaxQuality:
        return cell.quality;
      case ObjectiveKind::kMinCost:
        return -cell.cost_usd;
      case ObjectiveKind::kWeighted:
        return cell.quality - objective.cost_weight * cell.cost_usd;
    }
    return 0.0;
  });
  for (const PlanCell& cell : table.cells) problem.eligible.push_back(cell.eligible ? 1 : 0);
  for (const PlanLimit& limit : limits) {
    switch (limit.kind) {
      case PlanLimit::Kind::kCost:
        problem.excess.push_back(CostExcess(table, limit, traffic));
        break;
      case PlanLimit::Kind::kLate: {
        const double share = kLateShares[static_cast<size_t>(limit.percentile)];
        problem.excess.push_back(
            Fill(table, [&](size_t i, size_t k) { return table.Late(table.At(i, k), limit.limit, share) / share - 1; }));
        break;
      }
      case PlanLimit::Kind::kQuality:
        problem.excess.push_back(QualityExcess(table, limit));
        break;
    }
  }
  return problem;
}

double AllowedUse(const PlanLimit& limit) {
  return limit.kind == PlanLimit::Kind::kLate ? kLateShares[static_cast<size_t>(limit.percentile)] : limit.limit;
}

double UseOf(const PlanLimit& limit, double excess) {
  const double allowed = AllowedUse(limit);
  return limit.kind == PlanLimit::Kind::kQuality ? allowed * (1 - excess) : allowed * (1 + excess);
}

}  // namespace suffice
