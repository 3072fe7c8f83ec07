// Errors that name the field they are about. Everything fallible returns absl::Status or absl::StatusOr.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace suffice {

// INVALID_ARGUMENT "<field>: <what>", carrying the field's name, for example InvalidField("reward", "expected a number
// in [0, 1], got 1.4").
absl::Status InvalidField(std::string_view field, std::string_view what);

// The field named by InvalidField, if `status` came from there.
std::optional<std::string> FieldOf(const absl::Status& status);

// The same error with a stable reason for programs, such as "INFEASIBLE"; and, for one that time heals, how long that
// takes.
absl::Status WithReason(absl::Status status, std::string_view reason);
absl::Status WithRetryAfter(absl::Status status, int64_t micros);
std::optional<std::string> StatedReason(const absl::Status& status);
std::optional<int64_t> RetryAfterMicros(const absl::Status& status);

}  // namespace suffice
