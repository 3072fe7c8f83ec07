// The load generators alone, against a server that runs already: what tools/bench does in one of its runs.
// Thread contract: the main thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace suffice::load {

struct DriveOptions {
  std::string address;
  double per_second = 0;  // open loop; 0: a closed loop instead
  int outstanding = 64;   // of the closed loop
  double seconds = 10;    // after one second that is not counted
};

// Sends prompts of 1 KB to Route, and says in a few lines what was answered and how late.
absl::StatusOr<std::string> Drive(const DriveOptions& options);

}  // namespace suffice::load
