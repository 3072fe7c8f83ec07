#include "refit/calibration.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace suffice {
namespace {

constexpr double kMostScale = 4;  // a correction larger than this is a broken price list, not a calibration

double Shrunk(double correction, double rows) { return correction * rows / (rows + kCalibrationPriorRows); }

// Weighted least squares of reward - prediction on prediction.
void CalibrateQuality(std::span<const OutOfFoldPrediction> predictions, TierCalibration& calibration) {
  double n = 0, q = 0, r = 0;
  for (const OutOfFoldPrediction& p : predictions) {
    if (!p.reward) continue;
    n += p.weight;
    q += p.weight * p.quality;
    r += p.weight * *p.reward;
  }
  if (n <= 0) return;
  q /= n;
  r /= n;
  double spread = 0, slope = 0;
  for (const OutOfFoldPrediction& p : predictions) {
    if (!p.reward) continue;
    spread += p.weight * (p.quality - q) * (p.quality - q);
    slope += p.weight * (p.quality - q) * (*p.reward - r - (p.quality - q));
  }
  if (spread > 0) calibration.quality_slope = std::clamp(1 + Shrunk(slope / spread, n), 1 / kMostScale, kMostScale);
  // Through the means, of which the shift itself is shrunk.
  calibration.quality_offset = q + Shrunk(r - q, n) - calibration.quality_slope * q;
}

}  // namespace

TierCalibration Calibrate(std::span<const OutOfFoldPrediction> predictions) {
  TierCalibration calibration;
  CalibrateQuality(predictions, calibration);
  double tokens_n = 0, predicted = 0, seen = 0, latency_n = 0, latency = 0;
  for (const OutOfFoldPrediction& p : predictions) {
    if (p.tokens) {
      tokens_n += p.weight;
      predicted += p.weight * *p.tokens;
      seen += p.weight * *p.seen_tokens;
    }
    if (p.latency_log_residual) {
      latency_n += p.weight;
      latency += p.weight * *p.latency_log_residual;
    }
  }
  if (predicted > 0 && seen > 0) {
    calibration.cost_scale =
        std::clamp(std::exp(Shrunk(std::log(seen / predicted), tokens_n)), 1 / kMostScale, kMostScale);
  }
  if (latency_n > 0) calibration.latency_log_offset = Shrunk(latency / latency_n, latency_n);
  return calibration;
}

double CalibrationError(std::span<const OutOfFoldPrediction> predictions, const TierCalibration& calibration) {
  constexpr size_t kBins = 10;
  std::vector<std::pair<double, double>> rows;  // prediction, reward
  for (const OutOfFoldPrediction& p : predictions) {
    if (p.reward) rows.emplace_back(calibration.quality_offset + calibration.quality_slope * p.quality, *p.reward);
  }
  if (rows.empty()) return 0;
  std::sort(rows.begin(), rows.end());
  double error = 0;
  for (size_t bin = 0; bin < kBins; ++bin) {
    double difference = 0;
    for (size_t i = bin * rows.size() / kBins; i < (bin + 1) * rows.size() / kBins; ++i) {
      difference += rows[i].first - rows[i].second;
    }
    error += std::abs(difference);
  }
  return error / static_cast<double>(rows.size());
}

}  // namespace suffice
