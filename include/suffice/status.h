// Errors that name the field they are about. Everything fallible returns absl::Status or absl::StatusOr.
#pragma once

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

}  // namespace suffice
