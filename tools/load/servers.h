// The two servers, as child processes on free ports of loopback.
// Thread contract: one thread at a time, the main thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "child.h"
#include "world.h"

namespace suffice::load {

struct Server {
  std::unique_ptr<Child> process;
  std::string address;
  double start_s = 0;  // until it said that it was ready
};

// `suffice serve` on the log `database`, which it makes if it is missing.
absl::StatusOr<Server> StartRouter(const World& world, const std::string& database);
// See empty_server.h. `answer_file`: the serialised answer.
absl::StatusOr<Server> StartEmpty(const World& world, const std::string& answer_file);

// Drains the router and waits until its log is closed.
absl::Status StopRouter(Server& server);

}  // namespace suffice::load
