// absl::Status -> grpc::Status with google.rpc details (ErrorInfo, BadRequest, RetryInfo, ResourceInfo). The reasons
// are part of the API: proto/suffice/v1/router.proto lists them. Thread contract: pure functions.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace suffice {

inline constexpr char kErrorDomain[] = "suffice";

// UNAVAILABLE because the engine is not open yet (reason STARTING).
absl::Status StartingError();
// RESOURCE_EXHAUSTED because too many Explain calls wait (reason BUSY).
absl::Status BusyError();
// RESOURCE_EXHAUSTED because serve.max_in_flight requests are being answered (reason OVERLOADED).
absl::Status OverloadedError();
// DEADLINE_EXCEEDED: the caller's deadline had passed before the work began.
absl::Status DeadlineExpiredError();

// The stable reason of an error. REQUIRES: !status.ok().
std::string ReasonOf(const absl::Status& status);

// `decision_id` names the resource in NOT_FOUND; it may be empty. Messages longer than 1,024 bytes are cut, since they
// travel in HTTP/2 headers.
grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view decision_id = {});

}  // namespace suffice
