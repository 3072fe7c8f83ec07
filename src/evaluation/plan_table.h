// What a plan reckons with: for every request and tier, what the tier's answer would be like. Predicted or known.
// Thread contract: plain data and pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "estimates/tier_model.h"
#include "evaluation/choice_mix.h"
#include "suffice/types.h"

namespace suffice {

// One tier's answer to one request.
struct PlanCell {
  bool eligible = true;
  double quality = 0;
  double cost_usd = 0;
  double log_latency = 0;   // ln of the latency in ms, or its expectation; infinite: not known, taken as late
  double input_tokens = 0;  // estimated from the prompt's length
  int model = -1;           // index into PlanTable::models that spreads the latency about it; -1: it is known
};

struct PlanTable {
  int tiers = 0;
  std::vector<PlanCell> cells;    // by request first
  std::vector<TierModel> models;  // of latency

  size_t requests() const { return tiers == 0 ? 0 : cells.size() / static_cast<size_t>(tiers); }
  const PlanCell& At(size_t request, size_t tier) const { return cells[request * static_cast<size_t>(tiers) + tier]; }
  // P(latency > limit_ms); `allowed_share` as in TierModel::LateProbability.
  double Late(const PlanCell& cell, double limit_ms, double allowed_share) const;
};

// Means per request under some policy.
struct PlanPoint {
  double quality = 0;
  double cost_usd = 0;
  std::array<double, 3> late{};  // share slower than limits.latency.p50_ms, p95_ms, p99_ms; 0 without a limit
  double p95_ms = 0;             // of latency; 0: not known, or not asked for
  std::vector<double> tier_share;
};

// The policy that answers every request with these shares of choices. Its p95 takes time, so it is left out unless
// asked for. REQUIRES: at least one request.
PlanPoint PointOf(const PlanTable& table, const ChoiceMix& mix, const std::array<double, 3>& limits_ms,
                  bool with_p95 = true);

}  // namespace suffice
