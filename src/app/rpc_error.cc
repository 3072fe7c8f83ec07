#include "app/rpc_error.h"

#include <fmt/format.h>

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace suffice {

std::string RpcErrorText(const grpc::Status& error) {
  google::rpc::Status rich;
  google::rpc::ErrorInfo info;
  std::string reason;
  if (rich.ParseFromString(error.error_details())) {
    for (const auto& detail : rich.details()) {
      if (detail.UnpackTo(&info)) reason = fmt::format(" ({})", info.reason());
    }
  }
  const auto code = static_cast<absl::StatusCode>(error.error_code());
  return fmt::format("{}{}: {}", absl::StatusCodeToString(code), reason, error.error_message());
}

}  // namespace suffice
