// The log's decisions as Vowpal Wabbit's decision-service JSON, for `vw --dsjson --cb_explore_adf` and the tools that
// read the same. One object a line (github.com/VowpalWabbit/vowpal_wabbit/wiki/DSJSON):
//   _label_cost         -reward, the mean of the decision's feedback; 0 without any
//   _label_probability  the propensity of the chosen tier
//   _label_Action       its number among the eligible tiers, from 1, in the configuration's order
//   _labelIndex         its place in c._multi, from 0
//   _skipLearn          true where no feedback came: silence is not a reward, and readers leave the line out of
//   learning o                   [{"EventId", "v": reward}] in order of arrival; [] without feedback Timestamp, EventId
//   when it was decided, and its id a, p                the eligible tiers' numbers, the chosen first, and their
//   propensities in that order c                   {"x": {dimension: value}, "_multi": [{"tier": {...}}]}: the vector x
//   without its bias, and for
//                       each eligible tier its name and what was predicted
//   pdrop               1 - keep_probability, where rows were not all kept
// Thread contract: safe for different streams.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "log/event_log.h"

namespace suffice {

// Whether the chosen tier was drawn with a known probability: a policy chose, and the row has the propensities.
bool HasPropensities(const DecisionRecord& decision);

// One line, without a newline. `names`: of x's dimensions, bias first; those that are missing are called x1, x2, ...
// REQUIRES: HasPropensities.
std::string DsjsonLine(const ObservedDecision& observed, std::span<const std::string> names);

struct DsjsonCounts {
  int64_t lines = 0;
  int64_t rewarded = 0;  // of lines
  int64_t left_out = 0;  // decisions without propensities
};

// Writes every decision that has propensities. `progress` gets a fraction in [0, 1]. The caller looks after errors of
// `out`.
absl::StatusOr<DsjsonCounts> WriteDsjson(EventLog& log, std::ostream& out,
                                         const std::function<void(double)>& progress = {});

}  // namespace suffice
