// Sees beforehand what limits will do: the best policy within them on a sample of the traffic, what each limit costs,
// and what a change would bring. Solves the linear programme of choice_mix.h on predicted answers; exploration, debts
// and the daily rhythm of the traffic are not in it.
// Thread contract: pure functions, but for `gather`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/plan_evidence.h"
#include "evaluation/plan_report.h"
#include "suffice/config.h"

namespace suffice {

struct PlanAlternative {
  std::string name;
  Config config;
};

struct PlanOptions {
  Config config;
  std::vector<PlanAlternative> alternatives;
  // The evidence as this configuration would have it: called for `config`, and again for an alternative with other
  // features or another half-life.
  std::function<absl::StatusOr<PlanEvidence>(const Config&)> gather;
  double requests_a_day = 0;  // 0: as the evidence says
  int64_t now_us = 0;         // whose prices are in force
  std::function<void(double)> progress;  // fraction done; may be empty
};

absl::StatusOr<PlanReport> MakePlan(const PlanOptions& options);

// The nearest value of limit `j` (see PlanLimit::limit) that can be kept while the others stand; nothing where the
// others cannot be kept even without it. Exact for cost and quality; for a latency within 0.1%.
std::optional<double> NearestFeasible(const PlanTable& table, const std::vector<PlanLimit>& limits,
                                      const PlanTraffic& traffic, size_t j);

}  // namespace suffice
