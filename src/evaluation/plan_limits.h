// The limits of a policy file as a plan sees them: what each is on, and in which unit it is told.
// Thread contract: plain data and pure functions.
#pragma once

#include <string>
#include <vector>

#include "evaluation/plan_table.h"
#include "limits/dual.h"
#include "suffice/config.h"

namespace suffice {

struct PlanLimit {
  enum class Kind { kCost, kLate, kQuality };

  std::string name;  // as LimitStatus: "cost.mean", "cost.NAME", "latency.p95", "quality.floor"
  Kind kind = Kind::kCost;
  // kCost: dollars per request of the whole traffic. kLate: milliseconds. kQuality: mean quality, or with `reference`
  // the share of that tier's.
  double limit = 0;
  std::string tenant;    // kCost: only this one's requests count; empty: all
  int tier = -1;         // kCost: only calls of this one count; -1: all
  double usd_a_day = 0;      // kCost: what `limit` is in a day; 0: not known
  int percentile = 0;        // kLate: index into kLateShares
  int reference = -1;        // kQuality: a tier; -1: the floor is absolute
};

// How many requests a day a plan is for, and who sends them.
struct PlanTraffic {
  double requests_a_day = 0;               // 0: not known
  std::vector<std::string> tenants;        // by request; empty: none is known
};

// Every limit stated in `config`. A budget, hard or soft, becomes a limit on the mean cost by the requests of a day
// (a week has 7, a month 365.25 / 12); one for each tenant becomes a limit for each of the `kMostAccounts` busiest.
// INVALID_ARGUMENT: a budget, and requests_a_day is not known.
absl::StatusOr<std::vector<PlanLimit>> PlanLimitsOf(const Config& config, const PlanTraffic& traffic);
inline constexpr size_t kMostAccounts = 8;

// The problem whose solution is the best policy. Excess is in units of each limit: cost / limit - 1, late / share - 1,
// (limit - quality) / limit. The objective is quality, quality - cost_weight * cost, or for min_cost the negative cost.
DualProblem PlanProblem(const PlanTable& table, const ObjectiveConfig& objective, const std::vector<PlanLimit>& limits,
                        const PlanTraffic& traffic);

// What the limit is on, of a policy whose mean excess is this: dollars per request, share of late answers, quality (or
// its share).
double UseOf(const PlanLimit& limit, double excess);
// The share of answers that may be late, else the limit itself.
double AllowedUse(const PlanLimit& limit);

}  // namespace suffice
