// Enums of proto/suffice/v1 <-> those of suffice/types.h.
// Thread contract: pure functions.
#pragma once

#include "absl/status/statusor.h"
#include "suffice/types.h"
#include "suffice/v1/router.pb.h"

namespace suffice {

v1::ExclusionReason ToProto(ExclusionReason reason);
v1::ServiceMode ToProto(Mode mode);
// INVALID_ARGUMENT naming "status" or "source" for numbers that this version does not know. Unspecified is OK and USER.
absl::StatusOr<CallStatus> FromProto(v1::CallStatus status);
absl::StatusOr<FeedbackSource> FromProto(v1::FeedbackSource source);

}  // namespace suffice
