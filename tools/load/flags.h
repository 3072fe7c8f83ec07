// The command line of the benchmark.
// Thread contract: pure functions.
#pragma once

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "drive.h"
#include "empty_server.h"
#include "parts.h"
#include "sizes.h"

namespace suffice::load {

struct Settings {
  bool help = false;
  std::string help_text;
  enum class Task { kBenchmark, kEmptyServer, kDrive };
  Task task = Task::kBenchmark;
  EmptyServerOptions empty;
  DriveOptions drive;
  Sizes sizes;
  std::set<Part> parts;  // to measure
  std::string report;
  std::string html;  // needs all parts
  std::string suffice;  // path of the binary
  std::string work;     // folder for the logs, on a disk
  bool keep = false;    // leave the folder
};

// `folder` holds this program and, unless flags say otherwise, the rest. INVALID_ARGUMENT says what was expected.
absl::StatusOr<Settings> ParseFlags(int argc, char** argv, const std::string& folder);

}  // namespace suffice::load
