// The prices of limits, by re-solving: the multipliers under which the best choice for each of a sample of contexts
// keeps every limit on average. Knows nothing of what the limits are on.
// Thread contract: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace suffice {

// Contexts x options (tiers). `objective` and each of `excess` have contexts * options entries, by context first.
struct DualProblem {
  int options = 0;
  std::vector<double> objective;            // what is maximised
  std::vector<std::vector<double>> excess;  // by limit: use - limit, in units of the limit: kept where the mean is <= 0
  std::vector<uint8_t> eligible;            // empty: all; every context has an eligible option

  size_t contexts() const { return options == 0 ? 0 : objective.size() / static_cast<size_t>(options); }
  size_t limits() const { return excess.size(); }
};

// A multiplier that would have to be larger is taken as proof that its limit cannot be kept.
inline constexpr double kMaxMultiplier = 1e3;

struct DualSolution {
  std::vector<double> multipliers;  // by limit, in [0, kMaxMultiplier]
  std::vector<double> excess;       // by limit: mean excess of the choices that the multipliers make
  double objective = 0;             // mean objective of these choices
  double value = 0;                 // of the dual: an upper bound of the mean objective of any policy within the limits
  bool clamped = false;             // a multiplier reached kMaxMultiplier
};

// argmin over lambda >= 0 of  mean_i max_a [objective_ia - sum_j lambda_j (excess_ija + tightening_j)]:  the Lagrangian
// dual of maximising the mean objective subject to mean excess_j <= -tightening_j over all randomised policies. Convex and
// piecewise linear in lambda; one limit is solved by bisection on the sign of its slope, several by sweeps of that over the
// coordinates, from `warm_start` (empty: from 0). There is no step size. (The dual of budget pacing: Balseiro and Gur 2019;
// of bandits with packing and covering limits: arXiv 2211.07484; the sample average takes the place of their steps.)
// `tightening`: by limit; empty: none. REQUIRES: at least one context.
DualSolution SolveDual(const DualProblem& problem, std::span<const double> tightening = {},
                       std::vector<double> warm_start = {});

// The least mean excess of limit `j` that any policy reaches while it keeps the others: <= 0 where all can be kept
// together. Nothing when the others cannot be kept even without it.
// The others are taken to be kept within `within` of their units, as IsFeasible has it.
std::optional<double> LeastExcess(const DualProblem& problem, size_t j, double within = 1e-3);

// Whether some randomised policy keeps every limit on average, within `within` of each limit's unit.
bool IsFeasible(const DualProblem& problem, double within = 1e-3);

}  // namespace suffice
