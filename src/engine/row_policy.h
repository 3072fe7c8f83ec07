// The policy, run over the tiers of a row: what the row states is all that it depends on.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/policy.h"
#include "suffice/types.h"

namespace suffice {

// The weights that a row's multipliers state.
struct RowWeights {
  ScoreWeights weights;
  const std::vector<std::pair<std::string, double>>& multipliers;  // the row's own

  explicit RowWeights(const std::vector<std::pair<std::string, double>>& row_multipliers);
  // The price of a dollar on one tier, on top of everybody's; and with it.
  double OfTier(std::string_view tier) const { return Named("cost_usd.", tier); }
  double UsdOn(std::string_view tier) const { return weights.cost_usd + OfTier(tier); }
  double ProbeOf(std::string_view tier) const { return Named("probe.", tier); }  // see Candidate::probe

 private:
  double Named(std::string_view prefix, std::string_view tier) const;
};

// Whether an exclusion was the request's own doing, so that it meets any policy, and will again.
bool ByRequest(ExclusionReason reason);

// A tier's score without optimism: PlainScore of its estimates.
double PlainScoreOf(const TierView& view, const RowWeights& weights);

// Runs the policy over the views, which get their scores and propensities, with the weights that a row's `multipliers`
// state. Returns the index that `u` in [0, 1) falls on. REQUIRES: at least one tier is eligible.
int RunPolicy(const PolicyConfig& policy, const std::vector<std::pair<std::string, double>>& multipliers, double u,
              std::vector<TierView>& tiers);

}  // namespace suffice
