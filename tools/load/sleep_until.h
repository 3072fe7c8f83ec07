// Sleeps for load generators. Thread contract: concerns the calling thread.
#pragma once

#include <cstdint>

namespace suffice::load {

// Else a sleep of this thread may last 50 us longer than asked for.
void SleepExactly();
// Until NowNanos() is `ns`.
void SleepUntil(int64_t ns);

}  // namespace suffice::load
