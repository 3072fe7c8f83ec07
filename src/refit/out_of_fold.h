// Predictions for observations that the predicting model has not seen: what calibration and the threshold are fitted
// on. Thread contract: confined to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "features/feature_set.h"
#include "learner/statistics.h"
#include "suffice/config.h"

namespace suffice {

// One answer of one tier.
struct FitRow {
  std::string id;  // of the prompt: rows of one id are in the same fold
  std::vector<float> x;
  double weight = 1;
  Lesson lesson;
};

struct OutOfFoldPrediction {
  std::string id;
  double weight = 1;
  double quality = 0;                          // predicted
  std::optional<double> reward;                // seen
  std::optional<double> tokens, seen_tokens;   // output tokens, predicted and seen
  std::optional<double> latency_log_residual;  // ln(latency) seen - predicted
};

// The newest rows of each tier, at most `kRows`.
class OutOfFold {
 public:
  static constexpr size_t kRows = 6000;
  static constexpr int kFolds = 5;

  OutOfFold(FeatureSetPtr features, const Config& config);

  // `place`: in what order rows are new; a row of the same tier and place takes the place of the one before.
  void Add(const std::string& tier, int64_t place, FitRow row);
  // Each row predicted by a model fitted on the rows of the other folds, without forgetting.
  std::vector<OutOfFoldPrediction> Predict(const std::string& tier) const;

 private:
  FeatureSetPtr features_;
  const Config& config_;
  std::map<std::string, std::map<int64_t, FitRow>> rows_;  // by tier and place
};

// The fold of an id: a hash.
int FoldOf(const std::string& id);

}  // namespace suffice
