// How replayed decisions kept the limits of their policy.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <vector>

#include "evaluation/baselines.h"
#include "evaluation/tally.h"
#include "suffice/config.h"

namespace suffice {

// Means of each pass over its decisions, in the limit's unit: dollars a request, share of late answers, quality (with a
// relative floor: share of the mean quality of the reference tier on the same rows).
std::vector<LimitUse> LimitUses(const Config& config, const Traffic& traffic, const QualityCostTable& table,
                                const std::vector<ReplayPass>& passes);

}  // namespace suffice
