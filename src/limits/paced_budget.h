// What a soft budget asks of the decisions to come.
// Thread contract: plain data.
#pragma once

#include <string>

namespace suffice {

// One account of a soft budget, paced: a limit on the mean cost of the decisions that it counts.
struct PacedBudget {
  std::string name;       // the budget's
  std::string tenant;     // whose decisions count; empty: everybody's
  std::string tier;       // the tier whose calls count; empty: all
  double target_usd = 0;  // per counted decision from now on: what is left, over the decisions still expected
};

}  // namespace suffice
