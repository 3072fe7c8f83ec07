// Deletes decisions older than log.keep_days, with all their events, from the front of the log: in small steps, while few
// rows wait for the writer. Statistics are a fold of the log, so what was learned from a decision has to be in a base, where
// the fold begins from then on, before the decision goes.
// Thread contract: confined to the learner's thread.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "base/monotonic.h"
#include "log/event_log.h"

namespace suffice {

class Retention {
 public:
  // keep_days 0: everything is kept. `log` outlives it.
  Retention(EventLog* log, double keep_days);

  // Keeps what is learned now as a base; returns how far it has read.
  using MakeBase = std::function<absl::StatusOr<LogCursor>()>;
  // A few steps. `needed_us`: decisions from then on stay, whatever their age. `covered`: how far the log was folded where
  // the learner's fold begins. What is not covered waits for the next base, which is made at most once a day (and eight
  // times in keep_days).
  absl::Status Round(int64_t now_us, int64_t needed_us, LogCursor covered, const MakeBase& make_base);

 private:
  EventLog* const log_;
  const int64_t keep_us_;
  const int64_t between_bases_us_;
  MonotonicTime next_round_ = MonotonicTime::min();
  int64_t next_base_us_ = INT64_MIN;
};

}  // namespace suffice
