// Reads an llm judge's verdict, strictly: one JSON object, at most with a ``` fence around it.
// Thread contract: pure functions.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"

namespace suffice {

// {"score": 0 to 10, ...} as a score in [0, 1]. INVALID_ARGUMENT says what was expected.
absl::StatusOr<double> ReadScore(std::string_view reply);
// {"winner": "A", "B" or "tie", ...} as what it is worth for A: 1, 0 or 0.5.
absl::StatusOr<double> ReadWinner(std::string_view reply);

}  // namespace suffice
