// Random numbers that are the same on every platform: a counter hashed with a seed. (The distributions of <random>
// differ between standard libraries, and example traffic is to be the same everywhere.)
// Thread contract: one thread at a time.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <numbers>

#include "base/hash.h"

namespace suffice {

class RandomStream {
 public:
  // Streams of different keys are independent.
  RandomStream(uint64_t seed, std::initializer_list<uint64_t> key) : seed_(seed) {
    for (const uint64_t part : key) seed_ = Mix(part);
  }

  double Uniform() { return UnitInterval(Mix(counter_++)); }  // in [0, 1)
  size_t Below(size_t n) { return static_cast<size_t>(Uniform() * static_cast<double>(n)); }
  // Standard normal, by Box and Muller.
  double Normal() {
    const double radius = std::sqrt(-2 * std::log(1 - Uniform()));
    return radius * std::cos(2 * std::numbers::pi * Uniform());
  }

 private:
  uint64_t Mix(uint64_t value) const {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    return Hash64({bytes, sizeof bytes}, seed_);
  }

  uint64_t seed_;
  uint64_t counter_ = 0;
};

}  // namespace suffice
