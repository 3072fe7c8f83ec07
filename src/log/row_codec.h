// How values that are not plain numbers and texts are kept in a row: words for enumerations, little-endian floats,
// JSON. These are part of the file format: what was written once reads for ever. Decoding gives DATA_LOSS on anything
// malformed.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "log/records.h"

namespace suffice {

std::string_view EncodeOrigin(DecisionOrigin origin);
absl::StatusOr<DecisionOrigin> DecodeOrigin(std::string_view word);
std::string_view EncodeCallStatus(CallStatus status);
absl::StatusOr<CallStatus> DecodeCallStatus(std::string_view word);
std::string_view EncodeSource(FeedbackSource source);
absl::StatusOr<FeedbackSource> DecodeSource(std::string_view word);

// 32-bit IEEE floats, little-endian, bit for bit.
void EncodeFeatures(const std::vector<float>& features, std::string& bytes);
absl::StatusOr<std::vector<float>> DecodeFeatures(std::string_view bytes);

// See column `tiers` of migrations/sqlite/0001_event_log.sql. Doubles read back to the same bits; those that are not
// finite become null and read as NaN. Texts that are not UTF-8 get replacement characters. Encoders replace `json`.
void EncodeTiers(const std::vector<TierView>& tiers, std::string& json);
absl::StatusOr<std::vector<TierView>> DecodeTiers(std::string_view json);

using Multipliers = std::vector<std::pair<std::string, double>>;
void EncodeMultipliers(const Multipliers& multipliers, std::string& json);
absl::StatusOr<Multipliers> DecodeMultipliers(std::string_view json);

// The caller's values of an event whose decision is unknown, for `orphans`.
std::string EncodeOrphan(const OutcomeRecord& outcome);
std::string EncodeOrphan(const FeedbackRecord& feedback);

}  // namespace suffice
