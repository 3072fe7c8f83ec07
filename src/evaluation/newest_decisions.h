// Reading a log from its end.
// Thread contract: pure but for the log.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "log/event_log.h"

namespace suffice {

// The newest decisions of a policy or a caller (no evaluations), at most `rows`, oldest first.
absl::StatusOr<std::vector<DecisionRecord>> NewestDecisions(EventLog& log, int64_t rows);

}  // namespace suffice
