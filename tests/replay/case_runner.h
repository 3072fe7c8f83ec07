// Runs a replay case through the code that serves: learner, snapshots, decisions, budgets, sessions,
// cold tiers.
// Thread contract: pure, but for the log in memory that each run makes for itself.
#pragma once

#include <string>
#include <vector>

#include "replay/case_file.h"

namespace suffice {

// What is not as expected, each "file:line: what"; empty: everything is.
std::vector<std::string> RunReplayCase(const ReplayCase& replay_case, const std::string& file);

}  // namespace suffice
