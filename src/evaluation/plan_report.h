// What a plan found: where the policy is today, where the limits would take it, and what each limit costs; as JSON for
// programs and as a table for people.
// Thread contract: plain data and pure functions; WriteJson touches only the named file.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "evaluation/baselines.h"
#include "evaluation/plan_evidence.h"
#include "evaluation/plan_limits.h"
#include "evaluation/plan_table.h"

namespace suffice {

struct PlannedLimit {
  PlanLimit limit;
  double use = 0;     // expected, in the unit of AllowedUse
  bool binds = false;
  // What the objective gains per unit of the limit, at the margin: quality (dollars for min_cost) per dollar a request;
  // per share of late answers; per unit of quality.
  double multiplier = 0;
  // Planned again with the limit a tenth tighter and looser (a floor by 0.01), and loosened by `step`: see StepOf.
  // Nothing where that is infeasible.
  std::optional<PlanPoint> tighter, looser, one_step;
  double step = 0;
  // Of an infeasible plan: the nearest limit that can be kept with the others as they are; nothing where none can.
  std::optional<double> nearest_feasible;
};

// One configuration's limits.
struct PlanScenario {
  std::string name;  // "as configured", or the keys changed
  std::string objective;
  double cost_weight = 0;
  int64_t requests = 0;    // planned for
  int64_t unanswered = 0;  // requests for which every tier may cost more than limits.cost.per_request_usd
  bool feasible = false;
  // By the predictions: the best policy within the limits; of an infeasible plan, what on_infeasible answers.
  PlanPoint expected;
  std::string on_infeasible;
  std::optional<PlanPoint> measured;  // the same choices, by the known answers
  std::optional<PlanPoint> optimum;   // the best choices within the limits that know every answer
  std::vector<PlannedLimit> limits;
};

// Most quality for the money, with the latency limits kept and no other.
struct FrontierCurve {
  std::string label;
  double p95_ms = 0;  // 0: no limit
  bool stated = false;  // the configuration's own
  std::vector<PlanPoint> points;  // rising cost
};

struct PlanReport {
  std::string config_name;
  std::string config_hash;
  std::string policy;
  std::string source;
  std::vector<std::string> tier_names;
  std::array<double, 3> limits_ms{};
  double requests_a_day = 0;  // 0: not known
  std::optional<PlanToday> today;
  std::vector<PlanPoint> always;  // by tier: known answers, else predicted
  bool always_known = false;
  std::vector<PlanScenario> scenarios;  // the configuration as it is, then the alternatives
  std::vector<FrontierCurve> frontier;
  std::vector<QualityCost> known_frontier;  // the same with every answer known; empty: they are not
};

// What "one more" of a limit is: a dollar a day (a cent per 1,000 requests where the day is not known), a second, 0.01.
double StepOf(const PlanLimit& limit, double requests_a_day);
std::string StepName(const PlanLimit& limit, double requests_a_day);

// One JSON object, indented; what is not known is null.
std::string ToJson(const PlanReport& report);
absl::Status WriteJson(const PlanReport& report, const std::string& path);
// An aligned table in plain text.
void PrintTable(const PlanReport& report, std::ostream& out);

}  // namespace suffice
