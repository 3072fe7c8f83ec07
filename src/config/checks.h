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

// Reports every violated rule. Single values are taken to be in range (DecodeConfig saw to that).
void CheckConfig(const Config& config, const ConfigParseOptions& options, const ReportProblem& report);

}  // namespace suffice
