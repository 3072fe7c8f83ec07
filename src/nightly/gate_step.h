// The verdict on a candidate, from the evidence.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nightly/gate_evidence.h"
#include "off_policy/gate.h"
#include "suffice/config.h"

namespace suffice {

struct GateOutcome {
  GateInput input;
  GateVerdict verdict;
  int64_t evaluations = 0;  // held-out samples behind it
  int64_t decisions = 0;    // logged decisions with a reward behind it
  std::vector<std::string> notes;
};

// What better means is the objective's: max_quality: quality; weighted: quality - cost_weight dollars; min_cost: fewer
// dollars (nightly.margin, which is in units of quality, is not asked of it). Limits, each a test of its own:
// limits.cost.mean_usd, the late share of each latency limit, and the floor (relative to a tier: quality minus its
// share of that tier's quality, at least 0). Budgets are paced or reserved by the server and are no part of it. An
// estimate from logged decisions enters only where at most 1% of what it is about rests on the model alone.
absl::StatusOr<GateOutcome> JudgeCandidate(const GateEvidence& evidence, const Config& config);

}  // namespace suffice
