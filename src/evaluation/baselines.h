// What a policy is measured against, on rows where every tier's quality and cost are known: always one tier, mixes
// that do not look at the prompt, and the exact optimum that knows every reward.
// Thread contract: plain data and pure functions.
#pragma once

#include <optional>
#include <vector>

#include "evaluation/traffic.h"

namespace suffice {

struct QualityCost {
  double quality = 0;
  double cost_usd = 0;
};

// [row][tier]; every row has the same number of tiers, at least one. Costs are >= 0.
using QualityCostTable = std::vector<std::vector<QualityCost>>;

// Quality and cost of each row and tier. A cost that a row does not state is reckoned from its tokens and the tier's
// price, and is 0 without tokens. REQUIRES: tiers.size() == traffic.tier_names.size().
QualityCostTable MakeQualityCostTable(const Traffic& traffic, const std::vector<Tier>& tiers);

// The most quality that a mean cost buys: a concave, non-decreasing, piecewise linear function.
class CostCurve {
 public:
  // REQUIRES: points has at least one, with both coordinates rising and slopes falling.
  explicit CostCurve(std::vector<QualityCost> points) : points_(std::move(points)) {}

  // Best mean quality at mean cost `cost_usd`. Below the cheapest point (infeasible) its quality; above the dearest,
  // that one's, since money may be thrown away.
  double At(double cost_usd) const;
  const std::vector<QualityCost>& points() const { return points_; }

 private:
  std::vector<QualityCost> points_;
};

struct Baselines {
  std::vector<QualityCost> always;  // mean over the rows, per tier
  CostCurve best_mix;               // tiers drawn with the best fixed probabilities: upper hull of `always`
  CostCurve optimum;                // best choice for every row: the linear programme below

  // Quality of spending `cost_usd` without any knowledge: the mix of the cheapest and the dearest tier that costs
  // that, clamped to the two. (A uniform draw over the tiers has one cost only; this is its counterpart at any cost.)
  // Of equally cheap or dear tiers their mean.
  double RandomMixAt(double cost_usd) const;
};

// REQUIRES: a table with at least one row.
//
// The optimum is  max (1/n) sum_i sum_k p_ik q_ik  s.t.  (1/n) sum_i sum_k p_ik c_ik <= B,  p_i in the simplex: the
// linear relaxation of the multiple-choice knapsack. It is solved exactly for every B at once: each row starts at its
// cheapest tier and walks its own upper hull; all steps of all rows are taken in order of quality per dollar (Sinha
// and Zoltners 1979).
Baselines MakeBaselines(const QualityCostTable& table);

// Upper hull of the points from the cheapest (the best of equally cheap) on: rising cost, rising quality, falling
// slope.
std::vector<QualityCost> UpperHull(std::vector<QualityCost> points);

// Mean over the rows of max_k (quality - cost_weight * cost): the best that the objective `weighted` could have
// reached.
double BestWeightedObjective(const QualityCostTable& table, double cost_weight);

// (quality - best_mix) / (optimum - best_mix); nothing where the optimum gains less than 1e-9 over the mix.
std::optional<double> GapClosed(double quality, double best_mix, double optimum);

}  // namespace suffice
