// The counted properties of a text: what it looks like, without any data fitted. Internal to this room.
// Thread contract: pure functions.
#pragma once

#include <array>

#include "features/scan.h"
#include "features/sketch.h"

namespace suffice {

// Every value is within +-5 and a multiple of 1 / kPropertySteps, so that it takes one byte in an encoded sketch.
inline constexpr float kPropertySteps = 25;
inline constexpr float kPropertyLimit = 5;

// `distinct_share`: distinct buckets over all buckets of the text, in [0, 1].
std::array<float, kPropertyCount> StandardisedProperties(const TextCounts& counts, double distinct_share);

}  // namespace suffice
