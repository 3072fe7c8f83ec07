// Time in nanoseconds, for measuring.
// Thread contract: pure functions but for the clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace suffice::load {

inline constexpr double kNanosPerSecond = 1e9;
inline constexpr double kNanosPerMicro = 1e3;

// Of a clock that never steps.
inline int64_t NowNanos() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}
inline double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }
inline double Micros(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerMicro; }

}  // namespace suffice::load
