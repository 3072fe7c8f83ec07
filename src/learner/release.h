// A release: features, prior statistics, calibration and tuned keys that a learner starts from, instead of from nothing.
// What it was fitted on is not folded again: a learner on a release folds what came to the log after `cursor`, of
// decisions after `decision_seq`.
// Thread contract: plain data; pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "estimates/tier_model.h"
#include "features/feature_set.h"
#include "log/records.h"
#include "stats/ridge.h"
#include "suffice/config.h"

namespace suffice {

// Sums of one tier on the release's features, already scaled to their effective size.
struct TierFit {
  RidgeStatistics quality, output_tokens, latency;  // y as in TierStatistics
  double input_tokens = 0, input_tokens_estimate = 0;
  double labels = 0;  // rewards behind `quality`, before scaling
  TierCalibration calibration;
};

struct Release {
  int64_t number = 0;  // 0: none
  LogCursor cursor;
  int64_t decision_seq = 0;
  FeatureSetPtr features;            // null: none, as without a release
  ConfigOverrides overrides;         // keys of `policy` that the refit tuned, on top of the operator's file
  std::map<std::string, TierFit> tiers;
};

// The bytes of ReleaseRecord::fit: everything but number and features.
std::string EncodeFit(const Release& release);
// INVALID_ARGUMENT when malformed, or made for features of other dimensions. `features` are those of the record's
// feature_version.
absl::StatusOr<Release> DecodeRelease(const ReleaseRecord& record, FeatureSetPtr features);

}  // namespace suffice
