#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "policy/policy.h"
#include "policy/thompson.h"

namespace suffice {
namespace {

// The eligible candidates, and a value of each to choose by.
struct Field {
  double quality_weight = 1;
  std::array<Candidate*, kMaxCandidates> tiers;
  std::array<double, kMaxCandidates> value;
  int count = 0;

  double Best() const { return *std::max_element(value.begin(), value.begin() + count); }
};

void Score(const PolicyConfig& policy, const ScoreWeights& weights, Candidate& candidate) {
  candidate.score = PlainScore(weights, candidate);
  const bool takes_bonus = policy.kind == PolicyKind::kThompson || policy.kind == PolicyKind::kIgw;
  if (takes_bonus && candidate.observations < policy.burn_in) {
    candidate.score += weights.quality * policy.new_tier_bonus * candidate.quality_sigma;
  }
}

// Gives what is left of 1 to the tiers of the largest value.
void GiveRestToBest(Field& field) {
  const double best = field.Best();
  double rest = 1;
  int tied = 0;
  for (int i = 0; i < field.count; ++i) {
    rest -= field.tiers[i]->propensity;
    tied += field.value[i] == best;
  }
  assert(rest > -1e-12);
  for (int i = 0; i < field.count; ++i) {
    if (field.value[i] == best) field.tiers[i]->propensity += std::max(0.0, rest) / tied;
  }
}

void Thompson(const PolicyConfig& policy, Field& field) {
  std::array<GaussianDraw, kMaxCandidates> draws;
  std::array<double, kMaxCandidates> probabilities;
  const auto count = static_cast<size_t>(field.count);
  for (size_t i = 0; i < count; ++i) {
    draws[i] = {field.value[i], policy.thompson_scale * field.quality_weight * field.tiers[i]->quality_sigma};
  }
  ProbabilityOfLargest({draws.data(), count}, {probabilities.data(), count});
  for (size_t i = 0; i < count; ++i) field.tiers[i]->propensity = probabilities[i];
}

double MeanCost(const Field& field) {
  double mean = 0;
  for (int i = 0; i < field.count; ++i) mean += field.tiers[i]->cost_usd / field.count;
  return mean;
}

// Exploration is cheaper on tiers that are.
double Thrift(double mean_cost, double cost) { return cost > mean_cost ? mean_cost / cost : 1; }

void LinUcb(const PolicyConfig& policy, Field& field) {
  const double mean_cost = MeanCost(field);
  for (int i = 0; i < field.count; ++i) {
    Candidate& tier = *field.tiers[i];
    field.value[i] += policy.linucb_alpha * field.quality_weight * tier.quality_sigma;
    tier.propensity = policy.linucb_epsilon / field.count * Thrift(mean_cost, tier.cost_usd);
  }
  GiveRestToBest(field);
}

void InverseGap(const PolicyConfig& policy, Field& field) {
  const double best = field.Best();
  // Every tier behind gets at most 1/K, so at least 1/K is left for the best.
  for (int i = 0; i < field.count; ++i) {
    const double gap = best - field.value[i];
    if (gap == 0 || field.quality_weight == 0) continue;
    const double n = std::max(0.0, field.tiers[i]->observations);
    const double slope = policy.igw_gamma * std::sqrt(n) * gap;
    field.tiers[i]->propensity = field.quality_weight / (field.quality_weight * field.count + slope);
  }
  GiveRestToBest(field);
}

void Uniform(Field& field, double total) {
  for (int i = 0; i < field.count; ++i) field.tiers[i]->propensity = total / field.count;
}

void Fixed(Field& field) {
  for (int i = 0; i < field.count; ++i) {
    if (!field.tiers[i]->is_fixed) continue;
    field.tiers[i]->propensity = 1;
    return;
  }
  GiveRestToBest(field);
}

void Weighted(Field& field) {
  double sum = 0;
  for (int i = 0; i < field.count; ++i) sum += field.tiers[i]->weight;
  if (sum <= 0) return Uniform(field, 1);
  for (int i = 0; i < field.count; ++i) field.tiers[i]->propensity = field.tiers[i]->weight / sum;
}

// The strong tier where it is likely enough to win, the weak one elsewhere.
void Threshold(const ThresholdConfig& threshold, Field& field) {
  Candidate *strong = nullptr, *weak = nullptr;
  for (int i = 0; i < field.count; ++i) {
    if (field.tiers[i]->is_strong) strong = field.tiers[i];
    if (field.tiers[i]->is_weak) weak = field.tiers[i];
  }
  if (strong == nullptr && weak == nullptr) return GiveRestToBest(field);
  if (strong == nullptr || weak == nullptr) {
    (strong != nullptr ? strong : weak)->propensity = 1;
    return;
  }
  const bool strong_serves = StrongWins(threshold, strong->quality - weak->quality) >= threshold.alpha;
  (strong_serves ? strong : weak)->propensity = 1 - threshold.epsilon;
  (strong_serves ? weak : strong)->propensity = threshold.epsilon;
}

// Raises what is below its probe.
void Probe(Field& field) {
  const double mean_cost = MeanCost(field);
  double raised = 0, rest = 0;
  std::array<double, kMaxCandidates> floor{};
  for (int i = 0; i < field.count; ++i) {
    const Candidate& tier = *field.tiers[i];
    const double least = std::min(tier.probe, 1.0 / field.count) * Thrift(mean_cost, tier.cost_usd);
    if (tier.propensity < least) floor[i] = least;
    raised += floor[i];
    rest += floor[i] > 0 ? 0 : tier.propensity;
  }
  if (raised == 0 || rest == 0) return;
  for (int i = 0; i < field.count; ++i) {
    double& propensity = field.tiers[i]->propensity;
    propensity = floor[i] > 0 ? floor[i] : propensity * (1 - raised) / rest;
  }
}

bool Explores(PolicyKind kind) {
  return kind == PolicyKind::kThompson || kind == PolicyKind::kLinUcb || kind == PolicyKind::kIgw ||
         kind == PolicyKind::kEpsilonGreedy;
}

void Explore(const PolicyConfig& policy, Field& field) {
  switch (policy.kind) {
    case PolicyKind::kThompson:
      return Thompson(policy, field);
    case PolicyKind::kLinUcb:
      return LinUcb(policy, field);
    case PolicyKind::kIgw:
      return InverseGap(policy, field);
    case PolicyKind::kEpsilonGreedy:
      Uniform(field, policy.epsilon);
      return GiveRestToBest(field);
    case PolicyKind::kFixed:
      return Fixed(field);
    case PolicyKind::kRandom:
      return Uniform(field, 1);
    case PolicyKind::kWeighted:
      return Weighted(field);
    case PolicyKind::kThreshold:
      return Threshold(policy.threshold, field);
  }
}

}  // namespace

double StrongWins(const ThresholdConfig& threshold, double gain) {
  return 1 / (1 + std::exp(-(threshold.intercept + threshold.slope * gain)));
}

double PlainScore(const ScoreWeights& weights, const Candidate& candidate) {
  double score =
      weights.quality * candidate.quality - (weights.cost_usd + candidate.tier_usd_weight) * candidate.cost_usd;
  for (size_t p = 0; p < weights.late.size(); ++p) score -= weights.late[p] * candidate.late[p];
  return score;
}

void DecidePropensities(const PolicyConfig& policy, const ScoreWeights& weights, std::span<Candidate> candidates) {
  assert(candidates.size() <= kMaxCandidates);
  Field field;
  field.quality_weight = weights.quality;
  for (Candidate& candidate : candidates) {
    Score(policy, weights, candidate);
    candidate.propensity = 0;
    if (!candidate.eligible) continue;
    field.tiers[field.count] = &candidate;
    field.value[field.count++] = candidate.score;
  }
  assert(field.count > 0);
  Explore(policy, field);
  if (Explores(policy.kind)) Probe(field);
}

}  // namespace suffice
