// The decision itself: eligibility, score, exploration, draw. Pure functions: no storage, no time, no randomness of
// their own.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "suffice/config.h"
#include "suffice/decision_id.h"
#include "suffice/types.h"

namespace suffice {

inline constexpr int kMaxCandidates = 64;

// What a score is made of: the objective, and the price of every limit in force (its multiplier, in the unit of what
// the limit is on). See WeightsOf for how they come to be.
struct ScoreWeights {
  double quality = 1;            // of predicted quality
  double cost_usd = 0;           // of a predicted dollar, on any tier
  std::array<double, 3> late{};  // of the probability of being slower than p50_ms, p95_ms, p99_ms

  bool operator==(const ScoreWeights&) const = default;
};

// One tier in a decision. Inputs first, then what DecidePropensities fills in.
struct Candidate {
  bool eligible = true;
  double quality = 0;
  double quality_sigma = 0;
  double cost_usd = 0;
  std::array<double, 3> late{};
  double tier_usd_weight = 0;  // of a predicted dollar on this tier, on top of ScoreWeights::cost_usd
  double observations = 0;
  double probe = 0;       // least propensity under a policy that explores, less where the tier is dear
  double weight = 0;      // policy weighted: the tier's weight
  bool is_fixed = false;  // policy fixed: this is the tier
  bool is_strong = false, is_weak = false;  // policy threshold: its two tiers

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

// Whether the tier may serve the request at all, or why not: the first reason in the order of the enumeration.
ExclusionReason CheckEligibility(const Tier& tier, const Requirements& requirements);

// With w the weights:
//   w.quality quality - (w.cost_usd + tier_usd_weight) cost_usd - sum_p w.late_p late_p
double PlainScore(const ScoreWeights& weights, const Candidate& candidate);

// P(strong wins) as the policy threshold sees it, from the gain = predicted quality of the strong tier minus that of the
// weak one: 1 / (1 + exp(-(intercept + slope gain))). In [0, 1]; rises with the gain.
double StrongWins(const ThresholdConfig& threshold, double gain);

// Fills in `score` and `propensity` of every candidate. With w the weights, the score is the plain one, plus, for
// policies thompson and igw, w.quality new_tier_bonus quality_sigma while observations < burn_in. Whatever is uncertain
// is so in units of quality: below, sigma = w.quality quality_sigma and gap = (best score - score) / w.quality (infinite
// where w.quality is 0). Propensities, over the K eligible candidates (exact ties share equally everywhere):
//   thompson        P(a has the largest draw), draws N(score_a, (thompson_scale sigma_a)^2), by quadrature
//   linucb          epsilon/K min(1, mean cost / cost_a) each, the rest to the largest score + linucb_alpha
//                   sigma
//   igw             1 / (K + igw_gamma sqrt(observations_a) gap_a), the rest to the best (Abe and
//                   Long 1999; Foster and Rakhlin 2020, with a learning rate per tier)
//   epsilon_greedy  epsilon/K each, the rest to the best score
//   fixed           1 for the fixed tier; if it is not eligible, 1 for the best score
//   random          1/K each
//   weighted        the weights, scaled to sum to 1; 1/K each if all of them are 0
//   threshold       1 - epsilon for the strong tier where StrongWins(quality_strong - quality_weak) >= alpha and for the
//                   weak one elsewhere, epsilon for the other of the two; 1 for the one of them that is eligible alone;
//                   1 for the best score when neither is. Scores, and so the prices of limits, do not move it: what
//                   sets its cost is alpha
// Where a policy explores (thompson, linucb, igw, epsilon_greedy), a tier below probe_a min(1, mean cost / cost_a) is
// raised to it, at the expense of the others in proportion.
// Propensities of eligible tiers are >= 0 and sum to 1 within 1e-12; others are 0. Allocates nothing.
// REQUIRES: at least one candidate is eligible, at most kMaxCandidates candidates, all numbers finite, quality_sigma
// >= 0.
void DecidePropensities(const PolicyConfig& policy, const ScoreWeights& weights, std::span<Candidate> candidates);

// The number in [0, 1) that decides: UnitInterval(Hash64(id, seed)).
double DrawNumber(const DecisionId& id, uint64_t seed);
// Index of the candidate that `u` falls on, by cumulative propensity in order; never one of propensity 0.
// REQUIRES: propensities sum to 1 within 1e-9, 0 <= u < 1.
int Draw(std::span<const Candidate> candidates, double u);

}  // namespace suffice
