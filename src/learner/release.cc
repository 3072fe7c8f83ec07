#include "learner/release.h"

#include <fmt/format.h>

#include <cmath>

#include "base/status_macros.h"
#include "stats/bytes.h"

namespace suffice {
namespace {

constexpr uint64_t kFormat = 0x5355464649545331ULL;  // "SUFFITS1"

absl::Status Malformed(const char* what) {
  return absl::InvalidArgumentError(fmt::format("fit of a release: {}", what));
}

void AppendTier(const TierFit& tier, std::string& bytes) {
  for (const double value :
       {tier.input_tokens, tier.input_tokens_estimate, tier.labels, tier.calibration.quality_offset,
        tier.calibration.quality_slope, tier.calibration.cost_scale, tier.calibration.latency_log_offset}) {
    AppendValue(bytes, value);
  }
  for (const RidgeStatistics* sums : {&tier.quality, &tier.output_tokens, &tier.latency}) sums->AppendTo(bytes);
}

absl::StatusOr<TierFit> ReadTier(std::string_view& bytes, int dimensions) {
  TierFit tier;
  for (double* value :
       {&tier.input_tokens, &tier.input_tokens_estimate, &tier.labels, &tier.calibration.quality_offset,
        &tier.calibration.quality_slope, &tier.calibration.cost_scale, &tier.calibration.latency_log_offset}) {
    const auto read = ReadValue<double>(bytes);
    if (!read || !std::isfinite(*read)) return Malformed("cut short, or a number that is not finite");
    *value = *read;
  }
  for (RidgeStatistics* sums : {&tier.quality, &tier.output_tokens, &tier.latency}) {
    SUFFICE_ASSIGN_OR_RETURN(*sums, RidgeStatistics::Read(bytes));
    if (sums->dimensions() != dimensions) return Malformed("made for features of other dimensions");
  }
  return tier;
}

}  // namespace

absl::StatusOr<Config> WithOverrides(const Config& config, const Release& release) {
  if (release.overrides.empty()) return config;
  return ParseConfig(ConfigToYaml(config), fmt::format("release {}", release.number), release.overrides);
}

absl::StatusOr<std::shared_ptr<const Release>> LoadRelease(EventLog& log, int64_t number, const FeatureConfig& config) {
  if (number == 0) return std::make_shared<const Release>();
  SUFFICE_ASSIGN_OR_RETURN(const ReleaseRecord record, log.LoadRelease(number));
  SUFFICE_ASSIGN_OR_RETURN(const std::string bytes, log.LoadFeatureSet(record.feature_version));
  SUFFICE_ASSIGN_OR_RETURN(FeatureSetPtr features, LoadFeatureSet(bytes, config));
  SUFFICE_ASSIGN_OR_RETURN(Release release, DecodeRelease(record, std::move(features)));
  return std::make_shared<const Release>(std::move(release));
}

absl::StatusOr<int64_t> ReleaseInForce(EventLog& log) {
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<PromotionRecord> newest, log.NewestPromotion());
  if (!newest) return 0;
  return newest->share < 1 ? newest->base : newest->release;
}

// The format, the place in the log, the overrides, and each tier: name, numbers, sums.
std::string EncodeFit(const Release& release) {
  std::string bytes;
  AppendValue(bytes, kFormat);
  for (const int64_t place : {release.cursor.outcome_seq, release.cursor.feedback_seq, release.decision_seq}) {
    AppendValue(bytes, place);
  }
  AppendValue(bytes, static_cast<uint32_t>(release.overrides.size()));
  for (const std::string& override : release.overrides) AppendText(bytes, override);
  AppendValue(bytes, static_cast<uint32_t>(release.tiers.size()));
  for (const auto& [name, tier] : release.tiers) {
    AppendText(bytes, name);
    AppendTier(tier, bytes);
  }
  return bytes;
}

absl::StatusOr<Release> DecodeRelease(const ReleaseRecord& record, FeatureSetPtr features) {
  std::string_view bytes = record.fit;
  Release release{.number = record.number};
  const auto format = ReadValue<uint64_t>(bytes);
  if (!format || *format != kFormat) return Malformed("not in this format");
  for (int64_t* place : {&release.cursor.outcome_seq, &release.cursor.feedback_seq, &release.decision_seq}) {
    const auto read = ReadValue<int64_t>(bytes);
    if (!read || *read < 0) return Malformed("cut short, or a negative place in the log");
    *place = *read;
  }
  const auto overrides = ReadValue<uint32_t>(bytes);
  if (!overrides) return Malformed("cut short");
  for (uint32_t i = 0; i < *overrides; ++i) {
    auto text = ReadText(bytes);
    if (!text) return Malformed("cut short");
    release.overrides.push_back(*std::move(text));
  }
  const auto tiers = ReadValue<uint32_t>(bytes);
  if (!tiers) return Malformed("cut short");
  for (uint32_t i = 0; i < *tiers; ++i) {
    const auto name = ReadText(bytes);
    if (!name) return Malformed("cut short");
    SUFFICE_ASSIGN_OR_RETURN(TierFit tier, ReadTier(bytes, features->dimensions()));
    release.tiers.emplace(*name, std::move(tier));
  }
  if (!bytes.empty()) return Malformed("bytes left over");
  release.features = std::move(features);
  return release;
}

}  // namespace suffice
