#include "refit/threshold_fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string_view>

#include "policy/policy.h"

namespace suffice {

std::vector<TierPair> PairUp(std::span<const OutOfFoldPrediction> strong, const TierCalibration& of_strong,
                             std::span<const OutOfFoldPrediction> weak, const TierCalibration& of_weak) {
  std::map<std::string_view, const OutOfFoldPrediction*> by_id;
  for (const OutOfFoldPrediction& prediction : weak) {
    if (prediction.reward) by_id[prediction.id] = &prediction;
  }
  const auto calibrated = [](const OutOfFoldPrediction& prediction, const TierCalibration& calibration) {
    return calibration.quality_offset + calibration.quality_slope * prediction.quality;
  };
  std::vector<TierPair> pairs;
  for (const OutOfFoldPrediction& prediction : strong) {
    const auto found = by_id.find(prediction.id);
    if (!prediction.reward || found == by_id.end()) continue;
    const double s = *prediction.reward, w = *found->second->reward;
    pairs.push_back({.gain = calibrated(prediction, of_strong) - calibrated(*found->second, of_weak),
                     .win = s > w ? 1.0 : (s < w ? 0.0 : 0.5),
                     .weight = prediction.weight});
  }
  return pairs;
}

WinCurve FitWinCurve(const std::vector<TierPair>& pairs, const WinCurve& prior) {
  constexpr int kSteps = 50;
  double total = 0;
  for (const TierPair& pair : pairs) total += pair.weight;
  if (total <= 0) return prior;
  const double share = kWinPrior / total;  // of the prior's pseudo-pairs, at the gains of the pairs
  const ThresholdConfig believed{.intercept = prior.intercept, .slope = prior.slope};
  WinCurve curve = prior;
  for (int step = 0; step < kSteps; ++step) {
    const ThresholdConfig now{.intercept = curve.intercept, .slope = curve.slope};
    double g0 = 0, g1 = 0, h00 = 0, h01 = 0, h11 = 0;
    for (const TierPair& pair : pairs) {
      const double p = StrongWins(now, pair.gain);
      const double residual = pair.weight * ((pair.win - p) + share * (StrongWins(believed, pair.gain) - p));
      const double curvature = pair.weight * (1 + share) * std::max(p * (1 - p), 1e-6);
      g0 += residual;
      g1 += residual * pair.gain;
      h00 += curvature;
      h01 += curvature * pair.gain;
      h11 += curvature * pair.gain * pair.gain;
    }
    h11 += 1e-9 * h00;  // where all gains are alike
    const double determinant = h00 * h11 - h01 * h01;
    if (!(determinant > 1e-18 * h00 * h11)) break;
    const double d0 = (h11 * g0 - h01 * g1) / determinant, d1 = (h00 * g1 - h01 * g0) / determinant;
    // A step is damped, so that the first ones do not overshoot.
    const double damping = std::min(1.0, 10 / std::max(1e-12, std::abs(d0) + std::abs(d1)));
    curve.intercept += damping * d0;
    curve.slope += damping * d1;
    if (std::abs(d0) + std::abs(d1) < 1e-10) break;
  }
  curve.intercept = std::clamp(curve.intercept, -1e3, 1e3);
  curve.slope = std::clamp(curve.slope, 0.0, 1e3);
  return curve;
}

double ShareAtLeast(std::span<const double> wins, double alpha) {
  const auto count = std::count_if(wins.begin(), wins.end(), [alpha](double win) { return win >= alpha; });
  return static_cast<double>(count) / static_cast<double>(wins.size());
}

double AlphaForShare(std::vector<double> wins, double share) {
  std::sort(wins.begin(), wins.end(), std::greater<>());
  const auto n = static_cast<double>(wins.size());
  const auto wanted = static_cast<size_t>(std::lround(std::clamp(share, 0.0, 1.0) * n));
  if (wanted == 0) return wins.front() < 1 ? (wins.front() + 1) / 2 : 1;
  if (wanted == wins.size()) return 0;
  if (wins[wanted - 1] > wins[wanted]) {
    const double middle = (wins[wanted - 1] + wins[wanted]) / 2;
    return middle > wins[wanted] ? middle : wins[wanted - 1];
  }
  // Ties at the border go together: whichever side is nearer.
  const double tied = wins[wanted];
  const double above = static_cast<double>(std::count_if(wins.begin(), wins.end(), [&](double w) { return w > tied; }));
  const double with = static_cast<double>(std::count_if(wins.begin(), wins.end(), [&](double w) { return w >= tied; }));
  const auto target = static_cast<double>(wanted);
  return with - target <= target - above ? tied : std::min(1.0, std::nextafter(tied, 2.0));
}

}  // namespace suffice
