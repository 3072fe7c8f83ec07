#include "engine/row_policy.h"

#include <array>
#include <span>
#include <string_view>

#include "base/decimals.h"
#include "log/records.h"

namespace suffice {
namespace {

Candidate EstimatesOf(const TierView& view, const RowWeights& weights) {
  Candidate candidate;
  candidate.eligible = view.exclusion == ExclusionReason::kNone;
  candidate.quality = view.quality;
  candidate.quality_sigma = view.quality_sigma;
  candidate.cost_usd = view.cost_usd;
  candidate.late = view.late;
  candidate.tier_usd_weight = weights.OfTier(view.tier);
  candidate.probe = weights.ProbeOf(view.tier);
  candidate.observations = view.observations;
  return candidate;
}

Candidate CandidateOf(const TierView& view, const PolicyConfig& policy, const RowWeights& weights) {
  Candidate candidate = EstimatesOf(view, weights);
  candidate.is_fixed = view.tier == policy.fixed_tier;
  candidate.is_strong = view.tier == policy.threshold.strong;
  candidate.is_weak = view.tier == policy.threshold.weak;
  for (const auto& [tier, weight] : policy.weights) {
    if (tier == view.tier) candidate.weight = weight;
  }
  return candidate;
}

}  // namespace

RowWeights::RowWeights(const std::vector<std::pair<std::string, double>>& row_multipliers)
    : multipliers(row_multipliers) {
  for (const auto& [name, value] : multipliers) {
    if (name == "quality") weights.quality = value;
    if (name == "cost_usd" || name == "cost") weights.cost_usd = value;
    if (name == "late_p50") weights.late[0] = value;
    if (name == "late_p95") weights.late[1] = value;
    if (name == "late_p99") weights.late[2] = value;
  }
}

double RowWeights::Named(std::string_view prefix, std::string_view tier) const {
  for (const auto& [name, value] : multipliers) {
    if (name.size() == prefix.size() + tier.size() && name.starts_with(prefix) && name.ends_with(tier)) return value;
  }
  return 0;
}

bool ByRequest(ExclusionReason reason) {
  switch (reason) {
    case ExclusionReason::kNotAllowed:
    case ExclusionReason::kNotPinned:
    case ExclusionReason::kMissingCapability:
    case ExclusionReason::kContextWindow:
    case ExclusionReason::kRequestLatency:
    case ExclusionReason::kRequestQuality:
      return true;
    default:
      return false;
  }
}

double PlainScoreOf(const TierView& view, const RowWeights& weights) {
  return PlainScore(weights.weights, EstimatesOf(view, weights));
}

int RunPolicy(const PolicyConfig& policy, const std::vector<std::pair<std::string, double>>& multipliers, double u,
              std::vector<TierView>& tiers) {
  const RowWeights weights(multipliers);
  // Made once a thread, as making it takes longer than all that it is used for.
  thread_local std::array<Candidate, kMaxCandidates> storage;
  const std::span<Candidate> candidates(storage.data(), tiers.size());
  for (size_t i = 0; i < tiers.size(); ++i) candidates[i] = CandidateOf(tiers[i], policy, weights);
  DecidePropensities(policy, weights.weights, candidates);
  for (size_t i = 0; i < tiers.size(); ++i) {
    tiers[i].score = RoundToDecimals(candidates[i].score, TierViewDecimals::kScore);
    tiers[i].propensity = candidates[i].propensity;
  }
  return Draw(candidates, u);
}

}  // namespace suffice
