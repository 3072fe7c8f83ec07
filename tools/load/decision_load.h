// Decisions with feedback for the load generators: each call sends a Route, and when it is started again a Feedback for
// what came of it.
// Thread contract: the calls of one maker belong to one load at a time.
#pragma once

#include <string>
#include <vector>

#include "call.h"
#include "connections.h"

namespace suffice::load {

// `prompts` and the connections must outlive the calls.
CallMaker DecisionCalls(const std::vector<std::string>& prompts, const Connections& connections);

}  // namespace suffice::load
