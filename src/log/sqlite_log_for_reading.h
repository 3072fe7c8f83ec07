// The event log of a file that this process does not write, and another may.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "log/event_log.h"

namespace suffice {

// Opens a file for reading alone, also beside the process that writes it: what is committed later is seen, and every
// Append and Save answers FAILED_PRECONDITION. NOT_FOUND: no such file. FAILED_PRECONDITION: an older schema (it would
// have to be changed), a newer one, or no log of ours.
absl::StatusOr<std::unique_ptr<EventLog>> OpenSqliteLogForReading(const std::string& path);

// The last rows of a log's file, all as of one moment.
struct LogEnd {
  int64_t decision_seq = 0;
  LogCursor events;
};
// Of a file that OpenSqliteLogForReading opens.
absl::StatusOr<LogEnd> ReadLogEnd(const std::string& path);

}  // namespace suffice
