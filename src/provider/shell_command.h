// Runs a shell command with something to read, for its output.
// Thread contract: thread-safe.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"

namespace suffice {

struct CommandEnd {
  int exit_code = 0;  // -1: ended by a signal
  int signal = 0;     // 0: ended by itself
  bool timed_out = false;
  std::string out;  // the first 64 KiB
  std::string err;  // the last 400 bytes
};

// Runs `command` by /bin/sh -c in a process group of its own, `input` on its standard input through a pipe. When the
// shell has ended, or when the time is up, whatever is left of the group is killed. It need not read its input.
// UNAVAILABLE: it cannot be started.
absl::StatusOr<CommandEnd> RunShellCommand(const std::string& command, const std::string& input,
                                           std::chrono::milliseconds timeout);

}  // namespace suffice
