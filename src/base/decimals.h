// Numbers of few decimals: a row writes and reads what was rounded to them in a fraction of the time and the bytes that
// a double of seventeen digits takes.
// Thread contract: pure functions.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace suffice {

inline constexpr int kMaxDecimals = 12;
inline constexpr std::array<double, kMaxDecimals + 1> kPowersOfTen = {1,   1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                                                      1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

// Whether value 10^decimals is less than 2^50: so much less than 2^53 that rounding it, and half of one more, cannot
// miss the whole number that it was made from. False for what is not finite.
inline bool FitsDecimals(double value, int decimals) {
  constexpr double kLimit = 1125899906842624;  // 2^50
  return std::fabs(value) * kPowersOfTen[static_cast<size_t>(decimals)] < kLimit;
}

// value 10^decimals as the nearest whole number, halves away from zero. REQUIRES: FitsDecimals.
inline int64_t WholeOf(double value, int decimals) {
  const double scaled = value * kPowersOfTen[static_cast<size_t>(decimals)];
  return static_cast<int64_t>(scaled + std::copysign(0.5, scaled));
}

// The double that reads as `value` rounded to so many decimals; `value` itself where that is beyond a double's digits.
// REQUIRES: 0 <= decimals <= kMaxDecimals.
inline double RoundToDecimals(double value, int decimals) {
  if (!FitsDecimals(value, decimals)) return value;
  return static_cast<double>(WholeOf(value, decimals)) / kPowersOfTen[static_cast<size_t>(decimals)];
}

}  // namespace suffice
