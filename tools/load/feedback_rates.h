// How fast feedback is acknowledged, which is when it is on disk, and how soon it acts on decisions.
// Thread contract: the main thread.
#pragma once

#include "absl/status/statusor.h"
#include "histogram.h"
#include "sizes.h"
#include "spread.h"
#include "world.h"

namespace suffice::load {

struct FeedbackRates {
  Spread stream_per_s;    // one stream, from its first item until all are acknowledged
  Spread unary_per_s;     // a closed loop
  int outstanding = 0;    // of which
  Histogram influence_ns;  // from an acknowledgement until Route decides by a snapshot with the feedback in it
};

absl::StatusOr<FeedbackRates> MeasureFeedback(const World& world, const Sizes& sizes);

}  // namespace suffice::load
