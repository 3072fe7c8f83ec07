// The command line of the fake provider.
// Thread contract: pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "service.h"

namespace suffice::fake {

struct Settings {
  bool help = false;
  std::string help_text;
  int port = 0;
  std::string traffic_file;
  double max_seconds = 600;
  bool ignore_stdin = false;
  ServiceOptions service;
};

// INVALID_ARGUMENT names the flag and what was expected.
absl::StatusOr<Settings> ParseFlags(int argc, char** argv);

}  // namespace suffice::fake
