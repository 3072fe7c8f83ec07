// From what was chosen to a report: sums, windows and checks, the same for a replay in-process and for traffic played
// against a server. Thread contract: plain data and pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/budget_use.h"
#include "evaluation/propensity_check.h"
#include "evaluation/replay_event.h"
#include "evaluation/report.h"
#include "evaluation/traffic.h"
#include "suffice/config.h"

namespace suffice {

struct ReplayStep {
  int row = 0;   // of the traffic
  int tier = 0;  // of the configuration
  TierFactors factors;  // what had happened to it
};

// One pass over the traffic: every row once, but for rows that were refused, or more often where arrivals say so.
struct ReplayPass {
  uint64_t seed = 0;
  std::vector<ReplayStep> steps;  // in the order of the decisions
  std::vector<float> decide_us;   // time of each decision
  PropensityCheck propensities;
  int64_t refused = 0;                 // rows that no budget covered: served by nobody, no steps
  std::vector<BudgetUse> budgets;
  int64_t infeasible = 0;       // decisions made while the limits could not be met together
  std::string infeasible_text;  // the last that was said of it
  std::vector<AlarmReport> drift_alarms;
};

// 0 to n - 1 in the order of the pass with `seed` (Fisher-Yates).
std::vector<int> ShuffledRows(size_t n, uint64_t seed);

// The report of these passes, without `traffic` (what it is called) and `eval`; the learning curve has a point for each
// `window` decisions (0: 40 points). Its baselines are those of the rows as they are, whatever happened on the way.
// REQUIRES: at least one pass, each with a step at least and a time for each; the traffic has at least one row, and its
// tiers are those of the configuration in its order.
ReplayReport Tally(const Config& config, const Traffic& traffic, const std::vector<ReplayPass>& passes,
                   int64_t window = 0);

}  // namespace suffice
