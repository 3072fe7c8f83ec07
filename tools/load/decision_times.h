// How long a decision takes in process, each timed by itself: the functions that the engine calls.
// Thread contract: runs in the caller's thread.
#pragma once

#include <vector>

#include "sizes.h"
#include "spread.h"

namespace suffice::load {

// In microseconds; over the rounds.
struct Times {
  Spread p50_us, p99_us;
};

// One point of a growth table.
struct GrowthPoint {
  int at = 0;
  Times times;
};

struct DecisionTimes {
  Times decision;  // features, eligibility, estimates, score, exploration, draw: d = 64, 4 tiers, a prompt of 1 KB
  Times score;     // score, exploration and draw alone: d = 128, 4 tiers
  std::vector<GrowthPoint> by_bytes, by_tiers, by_dimensions;  // of `decision`, one thing changed
};

DecisionTimes MeasureDecisions(const Sizes& sizes);

}  // namespace suffice::load
