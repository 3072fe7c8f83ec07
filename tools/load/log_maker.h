// Makes a log through the engine, in process and as fast as it goes.
// Thread contract: runs in the caller's thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "suffice/decision_id.h"
#include "world.h"

namespace suffice::load {

struct LogPlan {
  int decisions = 0;       // one prompt after the other; the tiers are pinned in turn, so that each learns as much
  bool outcomes = false;   // one for each decision
  bool feedbacks = false;  // one for each decision
};

// The decisions, in order. The log is closed properly. It must not exist.
absl::StatusOr<std::vector<DecisionId>> MakeLog(const World& world, const std::string& database, const LogPlan& plan);

// The long log that several parts of the benchmark share: decisions with a feedback each, and what was added since.
// Returns its path; the first one to ask makes it.
absl::StatusOr<std::string> LongLog(const World& world, int decisions);

}  // namespace suffice::load
