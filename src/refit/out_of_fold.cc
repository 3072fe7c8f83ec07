#include "refit/out_of_fold.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "estimates/tier_model.h"

namespace suffice {
namespace {

constexpr uint64_t kFoldSalt = 0xf01d;

void AddTo(const FitRow& row, TierStatistics& sums) {
  constexpr int64_t kOneBucket = 0;
  if (row.lesson.reward) sums.quality.Add(0, kOneBucket, row.x, row.weight, *row.lesson.reward);
  if (row.lesson.log_tokens) sums.output_tokens.Add(kOneBucket, row.x, row.weight, *row.lesson.log_tokens);
  if (row.lesson.log_latency) sums.latency.Add(kOneBucket, row.x, row.weight, *row.lesson.log_latency);
}

TierModelOptions ModelOptions(const Config& config, const FeatureSet& features, const std::string& tier,
                              const TierStatistics& sums) {
  const int all = features.dimensions();
  const int few = std::min(all, 1 + features.extras() + config.features.few_labels_dimensions);
  TierModelOptions options;
  options.quality_dimensions = sums.quality.n() < config.features.few_labels ? few : all;
  options.outcome_dimensions = sums.output_tokens.n() < config.features.few_labels ? few : all;
  options.ridge = config.policy.ridge;
  if (const int index = config.TierIndex(tier); index >= 0)
    options.prior = config.tiers[static_cast<size_t>(index)].prior;
  return options;
}

OutOfFoldPrediction PredictionFor(const FitRow& row, const TierModel& model) {
  // A price of a million dollars a million output tokens: dollars are tokens.
  const Price per_token{.output_usd_per_mtok = 1e6};
  const TierMeans means = model.PredictMeans(row.x, 0, 0, per_token);
  OutOfFoldPrediction prediction{
      .id = row.id, .weight = row.weight, .quality = means.quality, .reward = row.lesson.reward};
  if (row.lesson.log_tokens) {
    prediction.tokens = means.cost_usd;
    prediction.seen_tokens = std::expm1(*row.lesson.log_tokens);
  }
  if (row.lesson.log_latency) prediction.latency_log_residual = *row.lesson.log_latency - means.log_latency;
  return prediction;
}

}  // namespace

int FoldOf(const std::string& id) { return static_cast<int>(Hash64(id, kFoldSalt) % OutOfFold::kFolds); }

OutOfFold::OutOfFold(FeatureSetPtr features, const Config& config) : features_(std::move(features)), config_(config) {}

void OutOfFold::Add(const std::string& tier, int64_t place, FitRow row) {
  auto& rows = rows_[tier];
  rows[place] = std::move(row);
  if (rows.size() > kRows) rows.erase(rows.begin());
}

std::vector<OutOfFoldPrediction> OutOfFold::Predict(const std::string& tier) const {
  const auto found = rows_.find(tier);
  if (found == rows_.end()) return {};
  std::vector<OutOfFoldPrediction> predictions;
  predictions.reserve(found->second.size());
  for (int fold = 0; fold < kFolds; ++fold) {
    TierStatistics others(features_->dimensions(), /*half_life=*/0);
    for (const auto& [place, row] : found->second) {
      if (FoldOf(row.id) != fold) AddTo(row, others);
    }
    const TierModel model(others, ModelOptions(config_, *features_, tier, others));
    for (const auto& [place, row] : found->second) {
      if (FoldOf(row.id) == fold) predictions.push_back(PredictionFor(row, model));
    }
  }
  return predictions;
}

}  // namespace suffice
