// The bound on rpcs between their start and their finish (serve.max_in_flight): what is beyond it is refused at once, so
// that an overload costs nothing but the refusals. Route goes first: records (Outcome, Feedback) use at most three
// quarters of the bound. Items of streams are bounded elsewhere (record_stream.h).
// Thread contract: thread-safe, lock-free.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"

namespace suffice {

class InFlight {
 public:
  enum class Kind { kRoute, kRecord };

  // REQUIRES: limit >= 1.
  explicit InFlight(int64_t limit) : limit_(limit) {}

  // From now on; what is in flight stays.
  void SetLimit(int64_t limit) { limit_.store(limit, std::memory_order_relaxed); }
  // RESOURCE_EXHAUSTED with reason OVERLOADED beyond the bound; else Leave must follow, once.
  absl::Status Enter(Kind kind);
  void Leave(Kind kind);

 private:
  std::atomic<int64_t> limit_;
  std::atomic<int64_t> all_{0};
  std::atomic<int64_t> records_{0};
};

}  // namespace suffice
