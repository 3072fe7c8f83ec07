// What a tier's models get wrong on observations that they have not seen, and by how much to correct it.
// Thread contract: pure functions.
#pragma once

#include <span>
#include <vector>

#include "estimates/tier_model.h"
#include "refit/out_of_fold.h"

namespace suffice {

// Corrections shrunk towards none: quality's slope as if kPriorRows more rows of the same spread lay on the identity,
// its offset, the scale of tokens and the latency's offset likewise. Without rows: no correction.
TierCalibration Calibrate(std::span<const OutOfFoldPrediction> predictions);
inline constexpr double kCalibrationPriorRows = 200;

// Mean absolute difference between mean prediction and mean reward in ten bins of as many rows by prediction
// (expected calibration error); 0 without rewards.
double CalibrationError(std::span<const OutOfFoldPrediction> predictions, const TierCalibration& calibration);

}  // namespace suffice
