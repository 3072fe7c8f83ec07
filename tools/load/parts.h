// The parts of the benchmark, which can be run by themselves.
// Thread contract: plain data and pure functions.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace suffice::load {

enum class Part { kDecisions, kRoute, kFeedback, kOverload, kLongLog, kRows, kEndurance };

// In the order in which they run.
inline constexpr std::pair<Part, std::string_view> kPartNames[] = {{Part::kDecisions, "decisions"},
                                                                   {Part::kRoute, "route"},
                                                                   {Part::kFeedback, "feedback"},
                                                                   {Part::kOverload, "overload"},
                                                                   {Part::kLongLog, "long-log"},
                                                                   {Part::kRows, "rows"},
                                                                   {Part::kEndurance, "endurance"}};

std::set<Part> AllParts();
// Their names with commas between.
std::string NamesOfParts();
// Reads names with commas between. INVALID_ARGUMENT for an empty list and a name that is none.
absl::StatusOr<std::set<Part>> ParseParts(const std::string& names);

}  // namespace suffice::load
