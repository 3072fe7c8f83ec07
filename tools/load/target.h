// A server that is put under load again and again, and what it answers at most.
// Thread contract: the main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "call.h"
#include "connections.h"
#include "load_result.h"
#include "servers.h"
#include "sizes.h"
#include "world.h"

namespace suffice::load {

struct Target {
  std::string name;
  Server server;
  std::unique_ptr<Connections> connections;
  CallMaker calls;      // Route
  int outstanding = 0;  // with which it answers most, once found
  int64_t failed = 0;   // requests that were answered with an error
};

Target MakeTarget(const World& world, std::string name, Server server);
// Ends the connections first: a server waits in its drain for some that nobody reads.
absl::Status StopTarget(Target& target);

// Counts the failures of a run. UNAVAILABLE when more than one in a thousand failed.
absl::Status CheckFailures(Target& target, const LoadResult& result);

// In a closed loop.
struct AtSaturation {
  double per_second = 0;
  double cpu_us = 0;  // of the server, for each request
};
absl::StatusOr<AtSaturation> Saturate(Target& target, int outstanding, double warmup_s, double run_s);
// Sets target.outstanding.
absl::Status FindOutstanding(Target& target, const Sizes& sizes);

}  // namespace suffice::load
