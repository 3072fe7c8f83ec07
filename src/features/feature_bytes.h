// The frame around every serialised feature set. Internal to this room.
//
//   8 bytes   "SUFFEAT1"
//   4 bytes   kind (FeatureKind)
//   8 bytes   LayoutHash of the extras that it was made for
//   ...       the kind's own fields
//   8 bytes   Hash64 of everything before
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "features/bytes.h"
#include "suffice/config.h"

namespace suffice {

// kFrequentCounts: frequent tokens by how often they occur, as earlier releases fitted them.
enum class FeatureKind : uint32_t { kCounted = 1, kSvd = 2, kFrequentCounts = 3, kFrequent = 4 };

// Hash of the declared extras: their order, names, values and scales.
uint64_t LayoutHash(const FeatureConfig& config);

std::string OpenFrame(FeatureKind kind, uint64_t layout);
// Appends the checksum.
std::string CloseFrame(std::string bytes);

struct Frame {
  FeatureKind kind;
  std::string_view body;  // into the bytes given
};
// INVALID_ARGUMENT when cut, damaged, or made for other extras.
absl::StatusOr<Frame> ReadFrame(std::string_view bytes, uint64_t layout);
absl::Status MalformedFeatures(std::string_view what);

}  // namespace suffice
