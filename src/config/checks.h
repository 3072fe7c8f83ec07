// What must hold between several keys of a configuration.
// Thread contract: pure functions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "suffice/config.h"

namespace suffice {

// Called with the keys that lead to the offender, outermost first, and with what is wrong.
using ReportProblem = std::function<void(const std::vector<std::string>& keys, const std::string& reason)>;

// Names the tiers of policy threshold that the file left out where there are two: the dearer one (by the price of output,
// then of input; the later one where prices are equal) is the strong tier. Leaves other configurations alone.
void NameThresholdTiers(Config& config);

// Reports every violated rule. Single values are taken to be in range (DecodeConfig saw to that).
void CheckConfig(const Config& config, const ConfigParseOptions& options, const ReportProblem& report);

}  // namespace suffice
