#include "engine/benchmark/fitted_world.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "features/feature_set.h"
#include "features/sketch.h"

namespace suffice {
namespace {

constexpr int kAnswers = 5000;
constexpr int kVocabulary = 4000;
constexpr int kPropertiesBeforeProjection = 1 + 5;  // with the bias
constexpr uint64_t kSalt = 4;

std::vector<std::string> MakeVocabulary(std::mt19937_64& random) {
  std::vector<std::string> words;
  for (int i = 0; i < kVocabulary; ++i) {
    std::string word;
    const size_t length = 2 + random() % 8;
    for (size_t k = 0; k < length; ++k) word += static_cast<char>('a' + random() % 26);
    words.push_back(std::move(word));
  }
  return words;
}

FeatureSetPtr FitFeatures(const Config& config, int dimensions) {
  SvdFitter fitter(config.features, {.dimensions = dimensions - kPropertiesBeforeProjection, .salt = kSalt});
  Sketch sketch;
  for (const std::string& prompt : MakePrompts(1000, 600, /*seed=*/1)) {
    SketchText(prompt, kSalt, sketch);
    fitter.Add(sketch);
  }
  absl::StatusOr<FeatureSetPtr> features = fitter.Fit();
  if (!features.ok() || (*features)->dimensions() != dimensions) {
    std::fputs("no features could be fitted\n", stderr);
    std::abort();
  }
  return *std::move(features);
}

TierModel FitModel(int dimensions, double level, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  TierStatistics statistics(dimensions, 0);
  std::vector<float> x(static_cast<size_t>(dimensions), 1.0F);
  for (int i = 0; i < kAnswers; ++i) {
    for (size_t j = 1; j < x.size(); ++j) x[j] = static_cast<float>(0.6 * normal(random));
    statistics.quality.Add(0, 0, x, 1, level + 0.05 * x[1] + 0.1 * normal(random));
    statistics.output_tokens.Add(0, x, 1, 5 + 0.3 * x[2] + 0.7 * normal(random));
    statistics.latency.Add(0, x, 1, 7 + 0.2 * x[3] + 0.4 * normal(random));
  }
  TierModelOptions options;
  options.quality_dimensions = dimensions;
  options.outcome_dimensions = dimensions;
  return TierModel(statistics, options);
}

}  // namespace

std::vector<std::string> MakePrompts(int count, size_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::mt19937_64 of_words(0);
  const std::vector<std::string> words = MakeVocabulary(of_words);
  std::uniform_real_distribution<double> uniform;
  std::vector<std::string> prompts;
  for (int i = 0; i < count; ++i) {
    std::string text;
    while (text.size() < bytes) {
      // The rank's density falls as 1 / rank.
      const auto rank = static_cast<size_t>(std::exp(uniform(random) * std::log(kVocabulary)));
      text += words[rank - 1];
      const uint64_t dice = random() % 24;
      text += dice == 0 ? ".\n" : dice == 1 ? ", " : dice == 2 ? " 42 " : " ";
    }
    text.resize(bytes);
    prompts.push_back(std::move(text));
  }
  return prompts;
}

Config MakeFittedConfig(int tiers, PolicyKind policy) {
  Config config;
  double price = 0.1;
  for (int i = 0; i < tiers; ++i, price *= 4) {
    config.tiers.push_back(
        {.name = fmt::format("tier-{}", i), .model = fmt::format("model-{}", i), .price = {price, 4 * price}});
  }
  config.policy.kind = policy;
  config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 20};
  config.features.fit_after_prompts = 0;
  return config;
}

SnapshotPtr MakeFittedSnapshot(const Config& config, int dimensions) {
  const auto shared = std::make_shared<const Config>(config);
  const Statistics statistics(FitFeatures(config, dimensions), 0);
  auto snapshot = std::make_shared<Snapshot>(*MakeSnapshot(1, {}, shared, shared->Hash(), statistics));
  snapshot->models.clear();
  for (size_t i = 0; i < config.tiers.size(); ++i) {
    snapshot->models.push_back(FitModel(dimensions, 0.6 + 0.03 * static_cast<double>(i), /*seed=*/i + 1));
  }
  return snapshot;
}

}  // namespace suffice
