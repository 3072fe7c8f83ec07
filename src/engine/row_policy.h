// The policy, run over the tiers of a row: what the row states is all that it depends on.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/policy.h"
#include "suffice/types.h"

namespace suffice {

// Runs the policy over the views, which get their scores and propensities, with the weights that a row's `multipliers`
// state. Returns the index that `u` in [0, 1) falls on. REQUIRES: at least one tier is eligible.
int RunPolicy(const PolicyConfig& policy, const std::vector<std::pair<std::string, double>>& multipliers, double u,
              std::vector<TierView>& tiers);

}  // namespace suffice
