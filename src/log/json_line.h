// Strict reading of one line of JSON: nothing throws, duplicate keys are errors, key order is kept.
// Thread contract: pure functions.
#pragma once

#include <cstddef>
#include <istream>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace suffice {

// Outcome of ReadBoundedLine.
enum class LineRead { kLine, kTooLong, kEnd };

// Reads up to the next '\n' (dropped, with a '\r' before it) into `line`. A line over `max_bytes` is skipped to its
// end, so memory stays bounded.
LineRead ReadBoundedLine(std::istream& in, size_t max_bytes, std::string& line);

// INVALID_ARGUMENT "column N: ..." without file or line.
absl::StatusOr<nlohmann::ordered_json> ParseJsonLine(const std::string& line);

// A value as it is shown in error messages: JSON in ASCII, cut after 60 characters.
std::string ShortJson(const nlohmann::ordered_json& value);

}  // namespace suffice
