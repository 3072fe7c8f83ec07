// Pictures of a replay report, as standalone SVG, and all of it as one HTML page.
// Thread contract: pure functions.
#pragma once

#include <string>

#include "evaluation/report.h"

namespace suffice {

// The cost-quality plane: every tier alone, the best mix and the optimum as lines, this policy and its seeds. The cost
// axis is logarithmic unless something is free.
std::string CostQualitySvg(const ReplayReport& report);

// Quality and cost per window of decisions, beside every tier alone. REQUIRES: report.learning_curve is not empty.
std::string LearningCurveSvg(const ReplayReport& report);

// Share of decisions per tier and window, stacked. REQUIRES: report.learning_curve is not empty.
std::string TierShareSvg(const ReplayReport& report);

// One page with the pictures, the numbers and a few words; needs nothing else, no scripts.
std::string RenderHtml(const ReplayReport& report);

// Writes RenderHtml whole or not at all. Errors name the path.
absl::Status WriteHtml(const ReplayReport& report, const std::string& path);

}  // namespace suffice
