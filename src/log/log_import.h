// Makes a log from the lines that ExportLog wrote.
// Thread contract: safe for different files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace suffice {

// Reads the file `in` into a new log at `db`, which is there whole at the end or not at all; in memory for one row.
// Returns the number of rows. Ids, seqs and every value are as exported, so the statistics are, too.
// NOT_FOUND: no such file or folder. ALREADY_EXISTS: there is something at `db`. INVALID_ARGUMENT: "FILE:LINE: KEY:
// ..." what was expected there. DATA_LOSS: the file was cut short. FAILED_PRECONDITION: of a newer program.
// `progress` gets a fraction in [0, 1].
absl::StatusOr<int64_t> ImportLog(const std::string& in, const std::string& db,
                                  const std::function<void(double)>& progress = {});

}  // namespace suffice
