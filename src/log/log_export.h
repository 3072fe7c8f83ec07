// Writes a whole log as JSON Lines, see row_lines.h. Around the rows stand
//   {"kind":"log","format":1,"schema":3}   first: this format, and the number of the newest migration
//   {"kind":"end","rows":N}                last: a file without it was cut short
// The same log gives the same bytes, and so does the log that is imported from them.
// Thread contract: safe for different streams.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"

namespace suffice {

inline constexpr int64_t kLogLinesFormat = 1;

// Exports the log's state at one moment, also while a server writes it, in memory for one row. Returns the number of
// rows. NOT_FOUND: no such file. FAILED_PRECONDITION: not a log, or of another schema than this program's.
// `progress` gets a fraction in [0, 1]. The caller looks after errors of `out`.
absl::StatusOr<int64_t> ExportLog(const std::string& db, std::ostream& out,
                                  const std::function<void(double)>& progress = {});

}  // namespace suffice
