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
  const auto own = limits.tenants.empty() ? limits.tenants.end() : limits.tenants.find(tenant);
  const TenantWeights* extra = own == limits.tenants.end() ? nullptr : &own->second;
  std::vector<std::pair<std::string, double>> multipliers{{"quality", limits.weights.quality}};
  const auto add = [&](const char* name, double value) {
    if (value != 0) multipliers.emplace_back(name, value);
  };
  add("cost_usd", limits.weights.cost_usd + (extra != nullptr ? extra->cost_usd : 0));
  add("late_p50", limits.weights.late[0]);
  add("late_p95", limits.weights.late[1]);
  add("late_p99", limits.weights.late[2]);
  for (size_t i = 0; i < tiers.size(); ++i) {
    double value = i < limits.tier_usd.size() ? limits.tier_usd[i] : 0;
    if (extra != nullptr && i < extra->tier_usd.size()) value += extra->tier_usd[i];
    if (value != 0) multipliers.emplace_back("cost_usd." + tiers[i].name, value);
    const double probe = i < limits.probes.size() ? limits.probes[i] : 0;
    if (probe != 0) multipliers.emplace_back("probe." + tiers[i].name, probe);
  }
  return multipliers;
}

}  // namespace suffice
