// Makes decision ids: time-ordered and strictly increasing within one generator, even when the clock steps back.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "suffice/decision_id.h"

namespace suffice {

// Thread-safe. Layout of an id: 48 bits of milliseconds, version 7, 12 + 14 bits of counter, variant, 48 bits fixed per
// generator (a hash of its seed), so that two servers do not meet.
class DecisionIdGenerator {
 public:
  // `seed` tells generators apart: random for a server, fixed for a replay.
  explicit DecisionIdGenerator(uint64_t seed);
  DecisionId Next(int64_t now_us);

 private:
  const uint64_t node_;  // 48 bits
  absl::Mutex mutex_;
  uint64_t last_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  uint32_t counter_ ABSL_GUARDED_BY(mutex_) = 0;  // 26 bits
};

// Random 64 bits from the operating system.
uint64_t RandomSeed();

}  // namespace suffice
