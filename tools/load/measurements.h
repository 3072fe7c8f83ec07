// All that one run of the benchmark measured.
// Thread contract: plain data.
#pragma once

#include "decision_times.h"
#include "feedback_rates.h"
#include "route_versus_empty.h"
#include "sizes.h"
#include "start_and_rebuild.h"

namespace suffice::load {

struct Measurements {
  Sizes sizes;
  int cores = 0;
  DecisionTimes decisions;
  RouteVersusEmpty route;
  FeedbackRates feedback;
  StartAndRebuild long_log;
};

}  // namespace suffice::load
