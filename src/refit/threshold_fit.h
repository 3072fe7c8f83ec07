// The win-rate threshold of two tiers, from prompts that both of them answered. Internal to this room.
// Thread contract: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "refit/out_of_fold.h"
#include "suffice/config.h"

namespace suffice {

// A prompt that both tiers answered.
struct TierPair {
  double gain = 0;  // predicted quality of the strong tier minus that of the weak one, by models that had not seen it
  double win = 0;   // 1: the strong tier's reward was larger; 1/2: equal; 0: smaller
  double weight = 1;
};

// Pairs up predictions of the same prompts, which their ids tell. Predictions without a reward are passed over.
std::vector<TierPair> PairUp(std::span<const OutOfFoldPrediction> strong, const TierCalibration& of_strong,
                             std::span<const OutOfFoldPrediction> weak, const TierCalibration& of_weak);

struct WinCurve {
  double intercept = 0, slope = 4;
};
// Logistic regression of `win` on `gain` by Newton's method, drawn towards `prior` with the weight of kWinPrior pairs
// at its own gains. The slope is never negative.
inline constexpr double kWinPrior = 50;
WinCurve FitWinCurve(const std::vector<TierPair>& pairs, const WinCurve& prior);

// The alpha that sends `share` of prompts with these values of P(strong wins) to the strong tier: as near as ties
// allow, between two values so that rounding moves nobody. 1 when nobody should go (and nobody has P = 1), 0 when
// everybody should. REQUIRES: not empty.
double AlphaForShare(std::vector<double> wins, double share);
// The share of `wins` that are at least `alpha`. REQUIRES: not empty.
double ShareAtLeast(std::span<const double> wins, double alpha);

}  // namespace suffice
