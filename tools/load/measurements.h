// What one run of the benchmark measured: the parts that were asked for.
// Thread contract: plain data.
#pragma once

#include <optional>

#include "decision_times.h"
#include "endurance.h"
#include "feedback_rates.h"
#include "overload.h"
#include "route_versus_empty.h"
#include "rows.h"
#include "sizes.h"
#include "start_and_rebuild.h"

namespace suffice::load {

struct Measurements {
  Sizes sizes;
  int cores = 0;
  std::optional<DecisionTimes> decisions;
  std::optional<RouteVersusEmpty> route;
  std::optional<FeedbackRates> feedback;
  std::optional<Overload> overload;
  std::optional<StartAndRebuild> long_log;
  std::optional<RowsGrowth> rows;
  std::optional<Endurance> endurance;
};

}  // namespace suffice::load
