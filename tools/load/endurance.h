// Whether a server's memory stays where it is: Route and feedback for each decision, for long, on a long log.
// Thread contract: the main thread.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "sizes.h"
#include "world.h"

namespace suffice::load {

// All resident memory, pages of files included.
struct ResidentAt {
  double seconds = 0;
  int64_t bytes = 0;
};

struct Endurance {
  int64_t log_decisions = 0;   // in the log at first, each with a feedback
  double per_second = 0;       // decisions, each with a feedback: a quarter of the saturation by Route alone
  double seconds = 0;
  int64_t first_bytes = 0;     // the most in the first minute (of a shorter run: in its first tenth)
  int64_t last_bytes = 0;      // the most in the last one
  int64_t most_bytes = 0;
  int64_t answered = 0, failed = 0;  // requests of both kinds
  double p99_us = 0;           // of both kinds; the median over the samples
  std::vector<ResidentAt> samples;
};

absl::StatusOr<Endurance> MeasureEndurance(const World& world, const Sizes& sizes);

}  // namespace suffice::load
