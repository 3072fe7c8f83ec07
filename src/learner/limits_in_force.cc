#include "learner/limits_in_force.h"

namespace suffice {

std::string_view ToString(LimitState state) {
  switch (state) {
    case LimitState::kNoData:
      return "no_data";
    case LimitState::kMet:
      return "met";
    case LimitState::kUnproven:
      return "unproven";
    case LimitState::kBreached:
      return "breached";
    case LimitState::kInfeasible:
      return "infeasible";
  }
  return "";
}

std::vector<std::pair<std::string, double>> MultipliersOf(const LimitsInForce& limits, const std::string& tenant,
                                                          const std::vector<Tier>& tiers) {
  std::vector<std::pair<std::string, double>> multipliers;
  MultipliersOf(limits, tenant, tiers, multipliers);
  return multipliers;
}

void MultipliersOf(const LimitsInForce& limits, const std::string& tenant, const std::vector<Tier>& tiers,
                   std::vector<std::pair<std::string, double>>& multipliers) {
  const auto own = limits.tenants.empty() ? limits.tenants.end() : limits.tenants.find(tenant);
  const TenantWeights* extra = own == limits.tenants.end() ? nullptr : &own->second;
  size_t used = 0;
  const auto state = [&](std::string_view name, std::string_view tier, double value) {
    if (used == multipliers.size()) multipliers.emplace_back();
    auto& [own_name, own_value] = multipliers[used++];
    own_name.assign(name).append(tier);
    own_value = value;
  };
  const auto add = [&](std::string_view name, double value, std::string_view tier = {}) {
    if (value != 0) state(name, tier, value);
  };
  state("quality", {}, limits.weights.quality);
  add("cost_usd", limits.weights.cost_usd + (extra != nullptr ? extra->cost_usd : 0));
  add("late_p50", limits.weights.late[0]);
  add("late_p95", limits.weights.late[1]);
  add("late_p99", limits.weights.late[2]);
  for (size_t i = 0; i < tiers.size(); ++i) {
    double value = i < limits.tier_usd.size() ? limits.tier_usd[i] : 0;
    if (extra != nullptr && i < extra->tier_usd.size()) value += extra->tier_usd[i];
    add("cost_usd.", value, tiers[i].name);
    add("probe.", i < limits.probes.size() ? limits.probes[i] : 0, tiers[i].name);
  }
  multipliers.resize(used);
}

}  // namespace suffice
