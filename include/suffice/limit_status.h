// How the limits stand: what `suffice status`, the admin service and the metrics report.
// Thread contract: plain data.
#pragma once

#include <cstdint>
#include <string>

#include "suffice/config.h"

namespace suffice {

enum class LimitState {
  kNoData,      // nothing was observed yet: not a pass
  kMet,         // the observation keeps the limit; for a floor: proved by the lower end of its interval
  kUnproven,    // a floor: the interval holds it
  kBreached,    // the observation breaks the limit
  kInfeasible,  // no choice of tiers keeps it together with the others
};
std::string_view ToString(LimitState state);

// One paced limit.
struct LimitStatus {
  std::string name;              // "cost.mean", "cost.NAME" for a soft budget, "latency.p95", "quality.floor"
  double limit = 0;              // dollars a request; share of late answers; quality, or share of it
  double observed = 0;           // in the same unit
  double low = 0, high = 0;      // of `observed`: for a floor its confidence sequence, else equal to it
  int64_t observations = 0;      // behind `observed`
  double multiplier = 0;         // price in force: quality per dollar; per late answer; per quality
  double debt = 0;               // use above the limit so far, in requests' worth; negative: slack
  LimitState state = LimitState::kNoData;
  double nearest_feasible = 0;   // kInfeasible: the nearest limit that could be kept with the others as they are
  std::string detail;            // for people
};

// One account of a budget in its present period.
struct BudgetStatus {
  std::string name;
  std::string tenant, tier;  // which of `each`; empty: all
  BudgetKind kind = BudgetKind::kHard;
  int64_t period_start_us = 0, period_end_us = 0;
  double limit_usd = 0;
  double spent_usd = 0;     // settled by outcomes
  double reserved_usd = 0;  // decisions whose outcome is awaited
  double exposure_usd = 0;  // charged for decisions whose outcome never came
  double pace_usd = 0;      // what should be spent by now, by the traffic's daily profile
  int64_t denials = 0;      // decisions in which it excluded a tier
};

struct TierStatus {
  std::string tier;
  double share = 0;           // of the newest decisions
  double observations = 0;    // effective, behind its quality
  double cost_ratio = 1;      // observed over predicted cost
  int64_t drift_alarms = 0;   // since the store began
  int64_t last_alarm_us = 0;  // 0: none
  bool cold = false;          // idle for longer than keep_warm_s
  std::string price_version;  // see DecisionRecord
};

}  // namespace suffice
