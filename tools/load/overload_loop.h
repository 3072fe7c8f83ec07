// An open loop at a rate that a server may not reach: requests have deadlines, as those of real clients, and what finds no
// room among the outstanding ones is not sent but counted, so that neither a queue nor the work of the generator grows.
// Thread contract: runs in the caller's thread, which sends, and one more, which receives.
#pragma once

#include "call.h"
#include "histogram.h"

namespace suffice::load {

struct OverloadOptions {
  double per_second = 1000;    // evenly spaced
  double warmup_s = 0;         // sent before, not counted
  double seconds = 1;          // counted
  int max_outstanding = 1024;  // of all connections together
};

// Counts of the requests that were due within the counted time.
struct OverloadResult {
  int64_t answered = 0;  // without an error
  int64_t refused = 0;   // RESOURCE_EXHAUSTED
  int64_t expired = 0;   // DEADLINE_EXCEEDED
  int64_t failed = 0;    // with another error
  int64_t unsent = 0;    // found no room, or were late in the generator
  Histogram answer_ns;   // of the answered ones, from when they were sent
  Histogram refusal_ns;  // of the refused ones, from when they were sent
  double seconds = 0;    // from the first until the last answer

  double PerSecond() const { return seconds > 0 ? static_cast<double>(answered) / seconds : 0; }
  int64_t due() const { return answered + refused + expired + failed + unsent; }
  double Share(int64_t count) const { return due() > 0 ? static_cast<double>(count) / static_cast<double>(due()) : 0; }
};

OverloadResult RunOverload(const CallMaker& make, const OverloadOptions& options);

}  // namespace suffice::load
