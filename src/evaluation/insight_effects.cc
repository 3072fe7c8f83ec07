// Which features move which tier's quality.

#include <algorithm>
#include <cmath>
#include <string>

#include "evaluation/insights.h"

namespace suffice {
namespace {

// Effect of dimension j on one tier, and its standard error.
struct Effect {
  double value = 0;
  double error = 0;
};

// Standard deviation of every dimension over the rows.
std::vector<double> Deviations(const std::vector<InsightRow>& rows, size_t dimensions) {
  std::vector<double> sums(dimensions), squares(dimensions);
  for (const InsightRow& row : rows) {
    for (size_t j = 0; j < dimensions; ++j) {
      sums[j] += row.x[j];
      squares[j] += static_cast<double>(row.x[j]) * row.x[j];
    }
  }
  const double n = static_cast<double>(rows.size());
  for (size_t j = 0; j < dimensions; ++j) {
    squares[j] = std::sqrt(std::max(0.0, squares[j] / n - sums[j] / n * sums[j] / n));
  }
  return squares;
}

// By dimension, as far as the tier's model uses them; nothing for the bias, and for dimensions that never vary.
std::vector<std::optional<Effect>> EffectsOf(const RidgeSolution& quality, const std::vector<double>& deviations) {
  std::vector<std::optional<Effect>> effects(deviations.size());
  const auto used = std::min(effects.size(), static_cast<size_t>(quality.theta.size()));
  for (size_t j = 1; j < used; ++j) {
    if (!(deviations[j] > 0)) continue;
    const auto column = static_cast<Eigen::Index>(j);
    const double spread = quality.inverse_factor.col(column).squaredNorm();
    effects[j] = {quality.theta[column] * deviations[j], deviations[j] * std::sqrt(quality.residual_variance * spread)};
  }
  return effects;
}

double ExplainedShare(const RidgeSolution& quality, const std::vector<InsightRow>& rows) {
  const Eigen::Index used = quality.theta.size();
  Sample predicted;
  for (const InsightRow& row : rows) {
    const Eigen::Map<const Eigen::VectorXf> x(row.x.data(), used);
    predicted.Add(quality.theta.dot(x.cast<double>()));
  }
  const double n = static_cast<double>(rows.size());
  const double variance = std::max(0.0, predicted.squares / n - predicted.Mean() * predicted.Mean());
  return variance / (variance + quality.residual_variance);
}

bool Stronger(const FeatureEffect& a, const FeatureEffect& b) {
  return std::abs(a.effect.value) > std::abs(b.effect.value);
}

// What every tier's model says of every dimension: [tier][dimension].
std::vector<std::vector<std::optional<Effect>>> EffectsByTier(const InsightEvidence& evidence) {
  const auto dimensions = static_cast<size_t>(evidence.snapshot->features->dimensions());
  const std::vector<double> deviations = Deviations(evidence.rows, dimensions);
  std::vector<std::vector<std::optional<Effect>>> effects;
  for (const TierModel& model : evidence.snapshot->models) effects.push_back(EffectsOf(model.quality(), deviations));
  return effects;
}

}  // namespace

std::vector<TierImportance> FindImportance(const InsightEvidence& evidence, double discovery_rate) {
  const Snapshot& snapshot = *evidence.snapshot;
  const auto effects = EffectsByTier(evidence);
  std::vector<TierImportance> tiers;
  for (size_t k = 0; k < effects.size(); ++k) {
    const RidgeSolution& quality = snapshot.models[k].quality();
    TierImportance& tier = tiers.emplace_back();
    tier.tier = snapshot.config->tiers[k].name;
    tier.observations = quality.n;
    tier.explained = ExplainedShare(quality, evidence.rows);
    for (size_t j = 0; j < effects[k].size(); ++j) {
      if (!effects[k][j]) continue;
      tier.effects.push_back({.dimension = snapshot.features->DimensionName(static_cast<int>(j)),
                              .effect = Finding::Of(effects[k][j]->value, effects[k][j]->error)});
    }
    std::stable_sort(tier.effects.begin(), tier.effects.end(), Stronger);
  }
  std::vector<Finding*> family;
  for (TierImportance& tier : tiers) {
    for (FeatureEffect& effect : tier.effects) family.push_back(&effect.effect);
  }
  MarkFindings(family, discovery_rate);
  return tiers;
}

std::vector<FeatureContrast> FindContrasts(const InsightEvidence& evidence, double discovery_rate) {
  const Snapshot& snapshot = *evidence.snapshot;
  const auto effects = EffectsByTier(evidence);
  std::vector<FeatureContrast> contrasts;
  for (size_t a = 0; a < effects.size(); ++a) {
    for (size_t b = a + 1; b < effects.size(); ++b) {
      for (size_t j = 0; j < effects[a].size(); ++j) {
        const auto &of_a = effects[a][j], &of_b = effects[b][j];
        if (!of_a || !of_b) continue;
        contrasts.push_back(
            {.dimension = snapshot.features->DimensionName(static_cast<int>(j)),
             .tier = snapshot.config->tiers[a].name,
             .other = snapshot.config->tiers[b].name,
             .difference = Finding::Of(of_a->value - of_b->value, std::hypot(of_a->error, of_b->error))});
      }
    }
  }
  std::stable_sort(contrasts.begin(), contrasts.end(),
                   [](const FeatureContrast& a, const FeatureContrast& b) { return a.difference.p < b.difference.p; });
  std::vector<Finding*> family;
  for (FeatureContrast& contrast : contrasts) family.push_back(&contrast.difference);
  MarkFindings(family, discovery_rate);
  return contrasts;
}

}  // namespace suffice
