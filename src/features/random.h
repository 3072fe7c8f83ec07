// A small seeded generator whose numbers never change between releases or machines. Internal to this room.
// Thread contract: confined to one thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "base/hash.h"

namespace suffice {

// SplitMix64 (Steele, Lea and Flood 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t x = state_ += 0x9E3779B97F4A7C15ULL;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
  }

  // Uniform in [0, bound). REQUIRES: 0 < bound < 2^53.
  uint64_t Below(uint64_t bound) { return static_cast<uint64_t>(UnitInterval(Next()) * static_cast<double>(bound)); }

  // Standard normal (Box and Muller).
  float Gaussian() {
    const double radius = std::sqrt(-2 * std::log(1 - UnitInterval(Next())));
    return static_cast<float>(radius * std::cos(2 * std::numbers::pi * UnitInterval(Next())));
  }

 private:
  uint64_t state_;
};

}  // namespace suffice
