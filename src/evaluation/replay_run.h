// One pass over the traffic, in one order: the loop of Route, outcome, feedback, learn.
// Thread contract: confined to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/attack.h"
#include "evaluation/baselines.h"
#include "evaluation/replay.h"
#include "evaluation/tally.h"
#include "features/feature_set.h"

namespace suffice {

struct ReplayResult {
  ReplayPass pass;                 // its times are those of deciding, features included
  std::vector<double> eval_gains;  // predicted quality gain of the dearer tier, for each eval row
  std::vector<AttackResult> attacks;  // with options.attack
};

// The salt of a replay's sketches where no fitted features bring their own: fixed, so that a replay depends on its seed
// alone.
inline constexpr uint64_t kReplaySalt = 0x5a17;

// Runs with `seed`; the first of the options' seeds leaves its log at options.db. `features` are those to start with. `on_step` is called after each decision.
absl::StatusOr<ReplayResult> RunReplay(const ReplayOptions& options, uint64_t seed, FeatureSetPtr features,
                                       const std::function<void()>& on_step);

// Decisions of one run.
int64_t DecisionsOf(const ReplayOptions& options);

// The dearer of two tiers by mean cost: 0 or 1. REQUIRES: two tiers, at least one row.
int DearerTier(const QualityCostTable& table);

}  // namespace suffice
