// A token bucket: `per_second` on average, `burst` at once. Kept as one number, the time at which the bucket would be
// full again (the generic cell rate algorithm), so that taking a token is one compare-and-swap.
// Thread contract: thread-safe, lock-free. The time is the caller's, from a clock that never goes back.
#pragma once

#include <atomic>
#include <cstdint>

namespace suffice {

class TokenBucket {
 public:
  // Full at first. REQUIRES: per_second > 0, burst >= 1.
  TokenBucket(double per_second, double burst)
      : interval_ns_(1e9 / per_second), tolerance_ns_((burst - 1) * 1e9 / per_second) {}

  // 0: a token was taken. Else none was, and so many nanoseconds later there is one.
  int64_t Take(int64_t now_ns) {
    int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
    for (;;) {
      const int64_t base = full_at > now_ns ? full_at : now_ns;
      const int64_t wait = base - now_ns - static_cast<int64_t>(tolerance_ns_);
      if (wait > 0) return wait;
      if (full_at_ns_.compare_exchange_weak(full_at, base + static_cast<int64_t>(interval_ns_),
                                            std::memory_order_relaxed)) {
        return 0;
      }
    }
  }

 private:
  const double interval_ns_;   // one token's
  const double tolerance_ns_;  // how far ahead of now the bucket may be promised
  std::atomic<int64_t> full_at_ns_{0};
};

}  // namespace suffice
