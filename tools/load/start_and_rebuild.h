// A long log: how soon a server is ready with it, how fast it is folded from scratch, and what it takes on disk.
// Thread contract: the main thread.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "sizes.h"
#include "spread.h"
#include "world.h"

namespace suffice::load {

struct StartAndRebuild {
  int64_t decisions = 0;       // in the log, each with one feedback
  Spread start_s;              // of `suffice serve` until it is ready, after a proper stop
  int64_t resident_bytes = 0;  // of the server then
  double made_per_s = 0;       // decisions with their feedback, when the log was made in process
  Spread rebuild_events_per_s;  // decisions and feedbacks, by `suffice rebuild`
  double bytes_per_decision = 0;  // the log's files over the decisions
};

absl::StatusOr<StartAndRebuild> MeasureLongLog(const World& world, const Sizes& sizes);

}  // namespace suffice::load
