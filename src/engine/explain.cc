#include "engine/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "features/sketch.h"
#include "policy/policy.h"

namespace suffice {
namespace {

constexpr size_t kMaxContributions = 10;

const TierView* FindView(const DecisionRecord& decision, const std::string& tier) {
  for (const TierView& view : decision.tiers) {
    if (view.tier == tier) return &view;
  }
  return nullptr;
}

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

void AddDrawFlips(const DecisionRecord& decision, double u, std::vector<std::string>& flips) {
  double low = 0;
  for (const TierView& view : decision.tiers) {
    const double high = low + view.propensity;
    if (view.propensity > 0 && view.tier != decision.policy_tier) {
      flips.push_back(
          fmt::format("a draw in [{:.4f}, {:.4f}) instead of {:.4f} would have chosen {}", low, high, u, view.tier));
    }
    low = high;
  }
}

std::string SessionSentence(const TierView& view, const TierView& chosen) {
  const double gain = view.score - chosen.score;
  return fmt::format("{}; {} would have been {:.4f} {}", view.exclusion_detail, view.tier, std::abs(gain),
                     gain > 0 ? "better" : "worse");
}

void AddScoreFlips(const DecisionRecord& decision, const Config& config, const TierView& chosen,
                   std::vector<std::string>& flips) {
  const double weight = config.objective.kind == ObjectiveKind::kWeighted ? config.objective.cost_weight : 0;
  for (const TierView& view : decision.tiers) {
    if (view.tier == chosen.tier) continue;
    if (view.exclusion == ExclusionReason::kSession) {
      flips.push_back(SessionSentence(view, chosen));
      continue;
    }
    if (view.exclusion != ExclusionReason::kNone) {
      const double score = view.quality - weight * view.cost_usd;
      if (score > chosen.score) {
        flips.push_back(fmt::format("were it not excluded ({}), {} would have had the better score",
                                    view.exclusion_detail, view.tier));
      }
      continue;
    }
    const double margin = chosen.score - view.score;
    flips.push_back(
        margin >= 0
            ? fmt::format("{} would have the best score if its predicted quality were {:.4f} higher", view.tier, margin)
            : fmt::format("{} had a score higher by {:.4f}; {} was chosen to explore", view.tier, -margin,
                          chosen.tier));
    const double dearer = chosen.cost_usd - view.cost_usd, better = chosen.quality - view.quality;
    if (dearer != 0 && better / dearer > 0) {
      flips.push_back(fmt::format("an objective.cost_weight {} {:.4g} (now {:.4g}) prefers {}",
                                  dearer > 0 ? "above" : "below", better / dearer, weight, view.tier));
    }
  }
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
  if (const TierView* chosen = FindView(decision, decision.tier)) {
    if (decision.origin == DecisionOrigin::kLive) {
      AddDrawFlips(decision, explanation.draw, explanation.flips);
    } else {
      explanation.flips.push_back(
          fmt::format("the caller chose; the policy would have chosen {}", decision.policy_tier));
    }
    AddScoreFlips(decision, made_with, *chosen, explanation.flips);
  }
  return explanation;
}

}  // namespace suffice
