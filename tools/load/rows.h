// Whether Route becomes slower as the log grows: a server with a short log and one with a long log, by turns at the
// same rate.
// Thread contract: the main thread.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "sizes.h"
#include "spread.h"
#include "world.h"

namespace suffice::load {

struct RowsGrowth {
  int64_t few = 0, many = 0;  // decisions in the logs at first, each with a feedback
  double per_second = 0;      // half of what the server with the short log can answer, open loop
  Spread few_p50_us, few_p99_us, many_p50_us, many_p99_us;
  Spread p50_ratio, p99_ratio;  // of the long log's over the short one's; each round
};

absl::StatusOr<RowsGrowth> MeasureRows(const World& world, const Sizes& sizes);

}  // namespace suffice::load
