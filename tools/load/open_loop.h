// An open loop: requests are sent at given times, however late the answers are. A latency counts from the time at which
// the request should have been sent, not from when it was, so what a stall delays is seen as delayed (no coordinated
// omission).
// Thread contract: runs in the caller's thread, which sends, and one more, which receives.
#pragma once

#include "call.h"
#include "load_result.h"

namespace suffice::load {

struct OpenLoopOptions {
  double per_second = 1000;     // evenly spaced
  double warmup_s = 0;          // sent before, not counted
  double seconds = 1;           // counted
  int max_outstanding = 4096;   // the sender waits beyond, and what it then sends late counts from when it was due
};

// `seconds` of the result run until the last answer, so that PerSecond tells whether the rate was reached.
LoadResult RunOpenLoop(const CallMaker& make, const OpenLoopOptions& options);

}  // namespace suffice::load
