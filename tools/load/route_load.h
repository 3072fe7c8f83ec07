// Route requests for the load generators: 1 KB prompts, one after the other, each a new decision.
// Thread contract: the calls of one maker belong to one load at a time.
#pragma once

#include <string>
#include <vector>

#include "call.h"
#include "connections.h"

namespace suffice::load {

inline constexpr int kConnections = 4;

// The connections must outlive the calls. `patience`: each request's deadline.
CallMaker RouteCalls(const std::vector<std::string>& prompts, const Connections& connections,
                     std::chrono::milliseconds patience = kPatience);

}  // namespace suffice::load
