// What a server does beyond what it can: with three times the requests that it can answer, and with records that wait for
// a disk which stands still.
// Thread contract: the main thread.
#pragma once

#include "absl/status/statusor.h"
#include "overload_loop.h"
#include "sizes.h"
#include "spread.h"
#include "world.h"

namespace suffice::load {

struct Overload {
  int connections = 0;
  int outstanding = 0;     // requests that are out at most, over all connections
  double deadline_s = 0;   // of each request
  Spread peak_per_second;  // Routes answered in a closed loop, as many outstanding as serves the server best
  Spread goodput_ratio;    // Routes answered before their deadline at three times the peak, over the peak; each round
  OverloadResult route;    // at three times the peak; all rounds together
  // While another program holds the log's write lock: feedback and Route, each at a quarter of the peak.
  OverloadResult records;
  double route_p50_us = 0, route_p99_us = 0;
  int64_t route_failed = 0;
};

absl::StatusOr<Overload> MeasureOverload(const World& world, const Sizes& sizes);

}  // namespace suffice::load
