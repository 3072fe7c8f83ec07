// Pictures of a plan, as standalone SVG, and all of it as one HTML page.
// Thread contract: pure functions; WriteHtml touches only the named file.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "evaluation/plan_report.h"

namespace suffice {

// The cost-quality plane: frontiers, every tier alone, today, and each scenario. The cost axis is logarithmic unless
// something is free. REQUIRES: report.scenarios is not empty.
std::string FrontierSvg(const PlanReport& report);

// How much of each limit is used, as bars up to a line at the limit. REQUIRES: the scenario has a limit.
std::string LimitBarsSvg(const PlanScenario& scenario, const PlanReport& report);

// Shares of the tiers today and in each scenario, as stacked bars.
std::string PlanSharesSvg(const PlanReport& report);

// One page with the pictures, the numbers and a few words; needs nothing else, no scripts.
std::string RenderHtml(const PlanReport& report);

// Writes RenderHtml whole or not at all. Errors name the path.
absl::Status WriteHtml(const PlanReport& report, const std::string& path);

}  // namespace suffice
