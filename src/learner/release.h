// A release: features, prior statistics, calibration and tuned keys that a learner starts from, instead of from nothing.
// What it was fitted on is not folded again: a learner on a release folds what came to the log after `cursor`, of
// decisions after `decision_seq`.
// Thread contract: plain data; pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "estimates/tier_model.h"
#include "features/feature_set.h"
#include "log/event_log.h"
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
  ConfigOverrides overrides;         // keys that the refit tuned, on top of the operator's file
  std::map<std::string, TierFit> tiers;
};

// The configuration that decisions on the release are made with. INVALID_ARGUMENT when the release's keys do not fit it.
absl::StatusOr<Config> WithOverrides(const Config& config, const Release& release);

// Loads a release with its features; for 0 an empty one. NOT_FOUND: no such release.
absl::StatusOr<std::shared_ptr<const Release>> LoadRelease(EventLog& log, int64_t number, const FeatureConfig& config);
// The release that makes the decisions, or most of them while another one is being ramped up; 0: none.
absl::StatusOr<int64_t> ReleaseInForce(EventLog& log);

// The bytes of ReleaseRecord::fit: everything but number and features.
std::string EncodeFit(const Release& release);
// INVALID_ARGUMENT when malformed, or made for features of other dimensions. `features` are those of the record's
// feature_version.
absl::StatusOr<Release> DecodeRelease(const ReleaseRecord& record, FeatureSetPtr features);

}  // namespace suffice
