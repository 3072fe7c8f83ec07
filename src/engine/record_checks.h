// Whether what a caller tells of a call can be true: INVALID_ARGUMENT names the first bad field.
// Thread contract: pure functions.
#pragma once

#include "absl/status/status.h"
#include "suffice/types.h"

namespace suffice {

absl::Status CheckOutcome(const Outcome& outcome);
absl::Status CheckFeedback(const Feedback& feedback);

}  // namespace suffice
