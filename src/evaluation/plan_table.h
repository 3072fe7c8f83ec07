// What a plan reckons with: for every request and tier, what the tier's answer would be like. Predicted or known.
// Thread contract: plain data and pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "evaluation/choice_mix.h"
#include "suffice/types.h"

namespace suffice {

// One tier's answer to one request. Its latency is log-normal; a deviation of 0 says that it is known.
struct PlanCell {
  bool eligible = true;
  double quality = 0;
  double cost_usd = 0;
  double log_latency = 0;  // of the latency in ms; infinite: not known, taken as late
  double log_latency_deviation = 0;

  // P(latency > limit_ms).
  double Late(double limit_ms) const;
  double LateAtLog(double log_limit_ms) const;
};

struct PlanTable {
  int tiers = 0;
  std::vector<PlanCell> cells;  // by request first

  size_t requests() const { return tiers == 0 ? 0 : cells.size() / static_cast<size_t>(tiers); }
  const PlanCell& At(size_t request, size_t tier) const { return cells[request * static_cast<size_t>(tiers) + tier]; }
};

// Means per request under some policy.
struct PlanPoint {
  double quality = 0;
  double cost_usd = 0;
  std::array<double, 3> late{};  // share slower than limits.latency.p50_ms, p95_ms, p99_ms; 0 without a limit
  double p95_ms = 0;             // of latency; 0: not known
  std::vector<double> tier_share;
};

// The policy that answers every request with these shares of choices. REQUIRES: at least one request.
PlanPoint PointOf(const PlanTable& table, const ChoiceMix& mix, const std::array<double, 3>& limits_ms);
// One choice alone.
PlanPoint PointOf(const PlanTable& table, const Choice& choice, const std::array<double, 3>& limits_ms);

}  // namespace suffice
