// What a simulation puts in the place of the system's clock and randomness, so that the same run can be had again.
// Thread contract: of the thread that makes it.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace suffice {

// For engines that this thread opens while it lives. One at a time.
class EngineSeams {
 public:
  // `clock` outlives the engines. `seed`: of ids, draws and a new log; no two engines of a log may have the same.
  EngineSeams(const Clock* clock, uint64_t seed);
  ~EngineSeams();
  EngineSeams(const EngineSeams&) = delete;
  EngineSeams& operator=(const EngineSeams&) = delete;

  const Clock* clock() const { return clock_; }
  uint64_t seed() const { return seed_; }
  // Null: there is none.
  static const EngineSeams* Current();

 private:
  const Clock* const clock_;
  const uint64_t seed_;
};

}  // namespace suffice
