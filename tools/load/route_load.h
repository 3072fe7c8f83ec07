// Route requests for the load generators: 1 KB prompts, one after the other, each a new decision.
// Thread contract: the calls of one maker belong to one load at a time.
#pragma once

#include "call.h"
#include "connections.h"
#include "world.h"

namespace suffice::load {

inline constexpr int kConnections = 4;

// Both must outlive the calls.
CallMaker RouteCalls(const World& world, const Connections& connections);

}  // namespace suffice::load
