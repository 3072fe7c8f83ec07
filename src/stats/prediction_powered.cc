#include "stats/prediction_powered.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stats/student.h"
#include "suffice/status.h"

namespace suffice {
namespace {

// Sums of centred products, by Welford's recursion.
struct Moments {
  double n = 0, x_mean = 0, y_mean = 0, xx = 0, xy = 0, yy = 0;

  void Add(double x, double y) {
    n += 1;
    const double dx = x - x_mean, dy = y - y_mean;
    x_mean += dx / n;
    y_mean += dy / n;
    xx += dx * (x - x_mean);
    xy += dx * (y - y_mean);
    yy += dy * (y - y_mean);
  }
};

double TunedLambda(const Moments& pairs, const Moments& scores) {
  if (pairs.n < kFewestToTune || scores.n < 1) return 0;
  const double both = pairs.n + scores.n, apart = pairs.x_mean - scores.x_mean;
  const double variance = (pairs.xx + scores.xx + apart * apart * pairs.n * scores.n / both) / (both - 1);
  if (!(variance > 0)) return 0;
  return std::clamp(pairs.xy / (pairs.n - 1) / ((1 + pairs.n / scores.n) * variance), 0.0, 1.0);
}

}  // namespace

absl::StatusOr<PredictionPoweredMean> EstimatePredictionPoweredMean(std::span<const LabelledScore> labelled,
                                                                    std::span<const double> unlabelled_scores,
                                                                    double confidence) {
  if (labelled.size() < 2) {
    return InvalidField("labelled", fmt::format("expected at least 2 labels, got {}", labelled.size()));
  }
  Moments pairs, scores;
  for (const LabelledScore& pair : labelled) pairs.Add(pair.score, pair.label);
  for (const double score : unlabelled_scores) scores.Add(score, 0);
  if (!std::isfinite(pairs.xx + pairs.yy)) return InvalidField("labelled", "expected finite labels and scores");
  if (!std::isfinite(scores.xx)) return InvalidField("unlabelled_scores", "expected finite scores");

  PredictionPoweredMean result;
  const double lambda = result.lambda = TunedLambda(pairs, scores);
  result.value = pairs.y_mean;
  // A slope that was fitted takes one more degree of freedom.
  result.degrees = pairs.n - 1 - (lambda > 0 ? 1 : 0);
  const double residuals = std::max(0.0, pairs.yy - 2 * lambda * pairs.xy + lambda * lambda * pairs.xx);
  double variance = residuals / result.degrees / pairs.n;
  if (lambda > 0) {
    result.value += lambda * (scores.x_mean - pairs.x_mean);
    // With one score alone nothing is known of their spread but that of the labelled ones.
    const double spread = scores.n > 1 ? scores.xx / (scores.n - 1) : pairs.xx / (pairs.n - 1);
    variance += lambda * lambda * spread / scores.n;
  }
  result.standard_error = std::sqrt(variance);
  const double half = InverseStudentCdf(0.5 + confidence / 2, result.degrees) * result.standard_error;
  result.low = result.value - half;
  result.high = result.value + half;
  return result;
}

}  // namespace suffice
