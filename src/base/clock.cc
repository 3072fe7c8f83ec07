#include "base/clock.h"

#include <chrono>

namespace suffice {
namespace {

class SystemClock final : public Clock {
 public:
  int64_t NowMicros() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace

Clock* Clock::System() {
  static SystemClock* const kClock = new SystemClock;
  return kClock;
}

}  // namespace suffice
