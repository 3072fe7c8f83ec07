// The engine's time: another clock's, which does not go back by small steps. While that clock is set back by at most an
// hour (NTP, a leap second, a machine that was moved), time stands still, so that no decision falls into a budget's
// period that has ended. A larger step is a correction, and is followed.
// Thread contract: thread-safe, lock-free.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace suffice {

class SteadyClock final : public Clock {
 public:
  // `clock` outlives it.
  explicit SteadyClock(const Clock* clock) : clock_(clock) {}

  int64_t NowMicros() const override {
    const int64_t now = clock_->NowMicros();
    int64_t last = last_us_.load(std::memory_order_relaxed);
    while (now > last || last - now > kSmallStepUs) {
      if (last_us_.compare_exchange_weak(last, now, std::memory_order_relaxed)) return now;
    }
    return last;
  }

  // A time that was there before, as a log tells.
  void Recall(int64_t time_us) const {
    int64_t last = last_us_.load(std::memory_order_relaxed);
    while (time_us > last && !last_us_.compare_exchange_weak(last, time_us, std::memory_order_relaxed)) {
    }
  }

 private:
  static constexpr int64_t kSmallStepUs = 3'600'000'000;

  const Clock* const clock_;
  mutable std::atomic<int64_t> last_us_{0};
};

}  // namespace suffice
