// What a soft budget asks of the decisions to come.
// Thread contract: plain data.
#pragma once

#include <string>

namespace suffice {

// One account of a soft budget, paced: a limit on the mean cost of the decisions that it counts.
struct PacedBudget {
  std::string name;    // the budget's
  std::string tenant;  // whose decisions count; empty: everybody's
  std::string tier;    // whose calls cost; empty: all
  // Per decision of the tenant (of everybody) from now on, whichever tier serves it: what is left, over the decisions
  // still expected. With `tier`, what a decision costs here is its cost where that tier serves, and 0 elsewhere.
  double target_usd = 0;
};

}  // namespace suffice
