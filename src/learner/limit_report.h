// How each limit stands, in numbers and in words.
// Thread contract: pure functions; each fills in a part of `in_force`.
#pragma once

#include <vector>

#include "learner/limit_solver.h"

namespace suffice {

// One LimitStatus for each of `limits`.
void ReportLimits(const Config& config, const ContextTable& table, const std::vector<PacedLimit>& limits,
                  const DualSolution& dual, const LimitFold& fold, LimitsInForce& in_force);

// Says which limits cannot be met together, and the nearest value of each that can. REQUIRES: ReportLimits.
void ReportInfeasible(const Config& config, const std::vector<TierModel>& models, const ContextTable& table,
                      const std::vector<PacedLimit>& limits, LimitsInForce& in_force);

// The safe tier, and whether it alone may serve.
void JudgeQuality(const Config& config, const ContextTable& table, const LimitFold& fold, LimitsInForce& in_force);

}  // namespace suffice
