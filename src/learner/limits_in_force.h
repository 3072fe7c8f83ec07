// What the limits mean for the next decisions: the weights of the score, who may not serve, and how each limit stands.
// Part of a snapshot. Thread contract: plain data.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "policy/policy.h"
#include "suffice/limit_status.h"

namespace suffice {

// The price of a dollar for one tenant, on top of everybody's: its own soft budgets.
struct TenantWeights {
  double cost_usd = 0;
  std::vector<double> tier_usd;  // by tier of the configuration; empty: none

  bool operator==(const TenantWeights&) const = default;
};

struct LimitsInForce {
  ScoreWeights weights;
  std::vector<double> tier_usd;  // by tier of the configuration, see Candidate::tier_usd_weight; empty: none
  std::map<std::string, TenantWeights, std::less<>> tenants;
  std::vector<double> probes;  // by tier, see Candidate::probe; empty: none

  std::string infeasible;      // why the limits cannot be met together; empty: they can
  bool safe_tier_only = false;  // the quality guard's verdict
  std::string guard_detail;     // why, for people
  int safe_tier = -1;           // index; -1: no quality limit
  double cost_debt = 0;         // of limits.cost.mean_usd, in requests' worth, as of the snapshot's cursor
  std::vector<LimitStatus> status;
};

// The weights for one tenant's decision, as a row keeps them: "quality", "cost_usd", "late_p50", "late_p95",
// "late_p99", "cost_usd.TIER", and "probe.TIER", which is no weight; those that are 0 are left out, but for "quality".
std::vector<std::pair<std::string, double>> MultipliersOf(const LimitsInForce& limits, const std::string& tenant,
                                                          const std::vector<Tier>& tiers);
// The same, in place of what `multipliers` held, with the memory it has.
void MultipliersOf(const LimitsInForce& limits, const std::string& tenant, const std::vector<Tier>& tiers,
                   std::vector<std::pair<std::string, double>>& multipliers);

}  // namespace suffice
