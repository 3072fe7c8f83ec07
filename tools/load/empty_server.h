// What Route is compared with: the same service, messages and stubs, set up as the real server is, but each Route
// answers the same bytes at once. Every other rpc is UNIMPLEMENTED.
// Thread contract: as gRPC's callback API; Run blocks.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace suffice::load {

struct EmptyServerOptions {
  std::string answer_file;   // a serialised suffice.v1.RouteResponse
  int64_t stall_after = -1;  // once so many were answered, all answers wait once for `stall_ms`; -1: never
  int64_t stall_ms = 0;
};

// Listens on a free port of loopback, prints "ready on ADDRESS", and serves until the process is killed.
absl::Status RunEmptyServer(const EmptyServerOptions& options);

}  // namespace suffice::load
