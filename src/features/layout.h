// What every feature set has in common: x begins with the bias and the caller's extras. Internal to this room.
// Thread contract: pure functions.
#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "features/feature_set.h"

namespace suffice {

inline constexpr float kFeatureLimit = 5;

// Within +-5; what is not a number becomes 0.
inline float ClipFeature(float value) {
  return std::isnan(value) ? 0.0F : std::clamp(value, -kFeatureLimit, kFeatureLimit);
}

// Writes [1, extras...]; returns where the own dimensions begin. A sketch made without extras has zeros for them.
inline float* FillBiasAndExtras(const Sketch& sketch, int extras, std::span<float> x) {
  float* out = x.data();
  *out++ = 1;
  const auto sent = std::min<std::ptrdiff_t>(std::ssize(sketch.extras), extras);
  out = std::transform(sketch.extras.begin(), sketch.extras.begin() + sent, out, ClipFeature);
  return std::fill_n(out, extras - sent, 0.0F);
}

// REQUIRES: 0 <= index <= extras_names.size().
inline std::string BiasOrExtraName(const std::vector<std::string>& extras_names, int index) {
  return index == 0 ? "bias" : extras_names[static_cast<size_t>(index) - 1];
}

// Part of every version: raise it whenever a property's definition, standardisation or place changes.
inline constexpr uint32_t kPropertiesVersion = 1;

// The readers of each kind's own fields.
absl::StatusOr<FeatureSetPtr> ReadCountedFeatures(std::string_view body, const FeatureConfig& config);
absl::StatusOr<FeatureSetPtr> ReadSvdFeatures(std::string_view body, const FeatureConfig& config);

}  // namespace suffice
