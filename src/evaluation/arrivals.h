// Times of real arrivals, to time a replay by. A file of comma-separated values with a line for each arrival, in order
// of time: TIMESTAMP,ContextTokens,GeneratedTokens; the first line is the header, the timestamp is like
// "2023-11-16 18:15:46.6805900", and only it is read.
// Thread contract: pure functions; ReadArrivals touches only the named file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace suffice {

// Microseconds since the first arrival, scaled so that all of them fill [0, span_us). NOT_FOUND: no such file.
// INVALID_ARGUMENT "file:line: ...".
absl::StatusOr<std::vector<int64_t>> ReadArrivals(const std::string& path, int64_t span_us);

}  // namespace suffice
