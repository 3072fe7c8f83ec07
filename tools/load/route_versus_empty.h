// Route of the real server, its log on disk, beside the empty server: the same load on both by turns, which of them
// goes first changing from round to round.
// Thread contract: the main thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sizes.h"
#include "spread.h"
#include "world.h"

namespace suffice::load {

// One server at saturation: a closed loop with as many calls outstanding as served it best.
struct Saturation {
  int outstanding = 0;
  Spread per_second;
  Spread cpu_us;  // of the server, for each request
};

// One server in an open loop.
struct OpenLoopRun {
  double per_second = 0;  // asked for
  double reached = 0;     // answered in a second
  double p50_us = 0, p90_us = 0, p99_us = 0, p999_us = 0;
};

struct Pair {
  OpenLoopRun route, empty;
};

struct RouteVersusEmpty {
  Saturation route, empty;
  // Medians of the rounds' own differences and ratios.
  Spread cpu_added_us, throughput_ratio, p50_ratio, p99_ratio;
  double half_per_second = 0;  // half of the real server's saturation: the rate, for both, that p50 and p99 are taken at
  std::vector<Pair> half;      // each round
  std::vector<Pair> at_10000;  // each round, at 10,000 a second, which may not have been reached
  std::vector<Pair> by_load;   // once for each of Sizes::load_points
  int64_t answer_bytes = 0;    // of both servers' answers, serialised
  int64_t failed = 0;          // requests answered with an error, of all runs
};

absl::StatusOr<RouteVersusEmpty> MeasureRoute(const World& world, const Sizes& sizes);

}  // namespace suffice::load
