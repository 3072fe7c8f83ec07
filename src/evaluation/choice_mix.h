// The exact counterpart of limits/dual.h, for planning: the best randomised policy itself and not only the multipliers
// that steer towards it. A policy that keeps J limits on average needs to mix at most J + 1 choices.
// Thread contract: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "limits/dual.h"

namespace suffice {

// An option for each context.
using Choice = std::vector<uint8_t>;

struct ChoiceMix {
  struct Part {
    double weight = 0;  // > 0; they sum to 1
    Choice choice;
  };
  std::vector<Part> parts;
  bool feasible = false;  // within 1e-7 of each limit's unit; when not, the mix that breaks them least in sum
  double objective = 0;   // mean
  std::vector<double> excess;       // by limit, mean
  std::vector<double> multipliers;  // by limit: what the objective gains when the limit is loosened by its unit
  double gap = 0;                   // no policy that keeps the limits is better by more than this
};

// The linear programme  max mean_i sum_a p_ia objective_ia  s.t.  mean_i sum_a p_ia excess_ija <= 0,  p_i in the
// simplex, by column generation (Dantzig and Wolfe 1960): a column is a choice for every context, and the next one is
// the best under the present multipliers. Begins with those of SolveDual. REQUIRES: at least one context, at most 256
// options.
ChoiceMix SolveChoiceMix(const DualProblem& problem);

// As LeastExcess of limits/dual.h, exactly.
std::optional<double> ExactLeastExcess(const DualProblem& problem, size_t j);

}  // namespace suffice
