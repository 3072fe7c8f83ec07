#include "engine/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/flips.h"
#include "features/sketch.h"
#include "policy/policy.h"

namespace suffice {
namespace {

constexpr size_t kMaxContributions = 10;

// The eligible tier with the highest score besides the chosen one; null when there is none.
const TierView* RunnerUp(const DecisionRecord& decision) {
  const TierView* best = nullptr;
  for (const TierView& view : decision.tiers) {
    if (view.tier == decision.tier || view.exclusion != ExclusionReason::kNone) continue;
    if (best == nullptr || view.score > best->score) best = &view;
  }
  return best;
}

// x under the snapshot's features; empty when the row has neither these features nor a sketch.
std::vector<float> FeaturesUnder(const DecisionRecord& decision, const FeatureSet& features) {
  if (decision.feature_version == features.version()) return decision.features;
  const auto sketch = Sketch::Decode(decision.sketch);
  if (decision.sketch.empty() || !sketch.ok() || static_cast<int>(sketch->extras.size()) != features.extras())
    return {};
  std::vector<float> x(features.dimensions());
  features.Compute(*sketch, x);
  return x;
}

std::vector<Explanation::Contribution> Contributions(const DecisionRecord& decision, const std::string& runner_up,
                                                     const Snapshot& snapshot) {
  const int chosen = snapshot.config->TierIndex(decision.tier), other = snapshot.config->TierIndex(runner_up);
  if (chosen < 0 || other < 0) return {};
  const std::vector<float> x = FeaturesUnder(decision, *snapshot.features);
  const Eigen::VectorXd& a = snapshot.models[chosen].quality().theta;
  const Eigen::VectorXd& b = snapshot.models[other].quality().theta;
  std::vector<Explanation::Contribution> all;
  for (int i = 0; i < static_cast<int>(x.size()); ++i) {
    const double effect = ((i < a.size() ? a[i] : 0) - (i < b.size() ? b[i] : 0)) * x[i];
    if (effect != 0) all.push_back({snapshot.features->DimensionName(i), x[i], effect});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& l, const auto& r) { return std::abs(l.effect) > std::abs(r.effect); });
  if (all.size() > kMaxContributions) all.resize(kMaxContributions);
  return all;
}

}  // namespace

Explanation ExplainDecision(const DecisionRecord& decision, const Config& made_with, const Snapshot& snapshot) {
  Explanation explanation;
  explanation.id = decision.id;
  explanation.time_us = decision.time_us;
  explanation.tenant = decision.tenant;
  explanation.tier = decision.tier;
  explanation.policy_tier = decision.policy_tier;
  explanation.policy = made_with.policy.kind;
  explanation.mode = decision.origin == DecisionOrigin::kApprentice ? Mode::kApprentice
                     : decision.origin == DecisionOrigin::kLogOnly  ? Mode::kLogOnly
                                                                    : Mode::kLive;
  explanation.draw = DrawNumber(decision.id, decision.seed);
  explanation.tiers = decision.tiers;
  explanation.multipliers = decision.multipliers;
  explanation.snapshot = decision.snapshot;
  explanation.contributions_snapshot = snapshot.number;
  explanation.feature_set = fmt::format("{}-{:016x}", snapshot.features->kind(), snapshot.features->version());
  if (const TierView* runner_up = RunnerUp(decision)) {
    explanation.contributions = Contributions(decision, runner_up->tier, snapshot);
  }
  explanation.flips = FlipsOf(decision, explanation.draw, made_with.policy);
  return explanation;
}

}  // namespace suffice
