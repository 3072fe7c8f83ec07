// A mean from few trusted labels and many cheap scores, whose bias cancels.
// Thread contract: pure functions.
#pragma once

#include <span>

#include "absl/status/statusor.h"

namespace suffice {

struct LabelledScore {
  double label = 0;  // trusted: a user's reward, say
  double score = 0;  // cheap, of the same answer: a judge's
};

struct PredictionPoweredMean {
  double value = 0;
  double standard_error = 0;
  double low = 0, high = 0;  // central, by Student's t
  double degrees = 0;        // of freedom
  double lambda = 0;         // in [0, 1]: how much the scores were trusted; 0: the plain mean of the labels
};

// The power-tuned prediction-powered mean (Angelopoulos, Duchi and Zrnic, "PPI++: efficient prediction-powered
// inference", 2023, examples 2.1 and 6.1). With n labelled pairs (Y, F) and N scores F~ of answers without a label:
//   value  = mean(Y) + lambda (mean(F~) - mean(F)),
//   se^2   = Var(Y - lambda F) / n + lambda^2 Var(F~) / N,
//   lambda = Cov(Y, F) / ((1 + n / N) Var(F)), clipped to [0, 1],
// Var(F) being of all scores. Whatever bias the scores have is in F and F~ alike and cancels. With fewer than
// kFewestToTune labels lambda is 0: a slope fitted to so few would promise more than it holds.
// INVALID_ARGUMENT: fewer than 2 labels, or what is not finite.
inline constexpr int kFewestToTune = 10;
absl::StatusOr<PredictionPoweredMean> EstimatePredictionPoweredMean(std::span<const LabelledScore> labelled,
                                                                    std::span<const double> unlabelled_scores,
                                                                    double confidence = 0.95);

}  // namespace suffice
