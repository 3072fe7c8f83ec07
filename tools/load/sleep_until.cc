#include "sleep_until.h"

#include <sys/prctl.h>
#include <time.h>

namespace suffice::load {

void SleepExactly() { prctl(PR_SET_TIMERSLACK, 1); }

void SleepUntil(int64_t ns) {
  constexpr int64_t kSecond = 1'000'000'000;
  const timespec when = {.tv_sec = ns / kSecond, .tv_nsec = ns % kSecond};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr) != 0) {
  }
}

}  // namespace suffice::load
