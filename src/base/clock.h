// Time as the engine sees it: microseconds since the Unix epoch, from a clock that tests and replays can replace.
// Thread contract: every Clock is thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace suffice {

class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since the Unix epoch (UTC). May step backwards; whoever needs order uses ids.
  virtual int64_t NowMicros() const = 0;

  // The system's clock; never destroyed.
  static Clock* System();
};

// A clock that moves only when told to.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(int64_t start_us) : now_us_(start_us) {}
  int64_t NowMicros() const override { return now_us_.load(std::memory_order_relaxed); }
  void Advance(int64_t us) { now_us_.fetch_add(us, std::memory_order_relaxed); }
  void Set(int64_t us) { now_us_.store(us, std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> now_us_;
};

}  // namespace suffice
