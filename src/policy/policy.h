// The decision itself: eligibility, score, exploration, draw. Pure functions: no storage, no time, no randomness of their own.
#pragma once

#include <cstdint>
#include <span>

#include "suffice/config.h"
#include "suffice/decision_id.h"
#include "suffice/types.h"

namespace suffice {

// One tier in a decision. Inputs first, then what DecidePropensities fills in.
struct Candidate {
  bool eligible = true;
  double quality = 0;
  double quality_sigma = 0;
  double cost_usd = 0;
  double observations = 0;
  double weight = 0;     // policy weighted: the tier's weight
  bool is_fixed = false; // policy fixed: this is the tier

  double score = 0;
  double propensity = 0;
};

// What a request asks of a tier.
struct Requirements {
  std::span<const std::string> capabilities;
  std::span<const std::string> allowed_tiers;  // empty: all
  std::string_view pinned_tier;                // empty: none
  int64_t context_tokens = 0;                  // prompt and answer
};

// Whether the tier may serve the request at all, or why not.
ExclusionReason CheckEligibility(const Tier& tier, const Requirements& requirements);

// Scores u = quality - cost_weight * cost (weighted) or quality (max_quality), plus the new-tier bonus, and the full propensity
// vector of the configured policy. Propensities of eligible tiers are >= 0 and sum to 1 within 1e-12; others are 0.
// REQUIRES: at least one candidate is eligible.
void DecidePropensities(const PolicyConfig& policy, const ObjectiveConfig& objective, std::span<Candidate> candidates);

// The number in [0, 1) that decides: UnitInterval(Hash64(id, seed)).
double DrawNumber(const DecisionId& id, uint64_t seed);
// Index of the candidate that `u` falls on, by cumulative propensity in order.
// REQUIRES: propensities sum to 1 within 1e-9, 0 <= u < 1.
int Draw(std::span<const Candidate> candidates, double u);

}  // namespace suffice
