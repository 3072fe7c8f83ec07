#include "service/errors.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr size_t kMaxMessageBytes = 1024;
constexpr int64_t kRetryDelayMicros = 100'000;

// Cuts at a character's border, so that the text stays UTF-8.
std::string Cut(std::string text) {
  if (text.size() <= kMaxMessageBytes) return text;
  size_t end = kMaxMessageBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

bool IsRetryable(absl::StatusCode code) {
  return code == absl::StatusCode::kResourceExhausted || code == absl::StatusCode::kUnavailable;
}

}  // namespace

absl::Status StartingError() {
  return WithReason(absl::UnavailableError("the service is starting: its log is being read"), "STARTING");
}

absl::Status BusyError() {
  return WithReason(absl::ResourceExhaustedError("too many Explain calls are waiting"), "BUSY");
}

absl::Status OverloadedError() {
  return WithReason(absl::ResourceExhaustedError("too many requests are being answered (serve.max_in_flight)"),
                    "OVERLOADED");
}

absl::Status DeadlineExpiredError() {
  return absl::DeadlineExceededError("the deadline had passed before the request was read");
}

std::string ReasonOf(const absl::Status& status) {
  if (const auto reason = StatedReason(status)) return *reason;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return FieldOf(status) ? "INVALID_FIELD" : "INVALID_REQUEST";
    case absl::StatusCode::kFailedPrecondition:
      return "NO_ELIGIBLE_TIER";
    case absl::StatusCode::kNotFound:
      return "DECISION_NOT_FOUND";
    case absl::StatusCode::kPermissionDenied:
      return "OTHER_TENANT";
    case absl::StatusCode::kAlreadyExists:
      return "CONFLICTING_RECORD";
    case absl::StatusCode::kResourceExhausted:
      return "QUEUE_FULL";
    case absl::StatusCode::kUnavailable:
      return "SHUTTING_DOWN";
    case absl::StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXPIRED";
    case absl::StatusCode::kCancelled:
      return "CANCELLED";
    default:
      return "INTERNAL";
  }
}

grpc::Status ToGrpcStatus(const absl::Status& status, std::string_view decision_id) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status rich;
  rich.set_code(static_cast<int>(status.code()));
  rich.set_message(Cut(std::string(status.message())));

  google::rpc::ErrorInfo info;
  info.set_reason(ReasonOf(status));
  info.set_domain(kErrorDomain);
  rich.add_details()->PackFrom(info);
  if (const auto field = FieldOf(status)) {
    google::rpc::BadRequest bad;
    auto* violation = bad.add_field_violations();
    violation->set_field(Cut(*field));
    violation->set_description(rich.message());
    rich.add_details()->PackFrom(bad);
  }
  if (IsRetryable(status.code())) {
    google::rpc::RetryInfo retry;
    const int64_t micros = RetryAfterMicros(status).value_or(kRetryDelayMicros);
    retry.mutable_retry_delay()->set_seconds(micros / 1'000'000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1000));
    rich.add_details()->PackFrom(retry);
  }
  if (status.code() == absl::StatusCode::kNotFound) {
    google::rpc::ResourceInfo resource;
    resource.set_resource_type("decision");
    resource.set_resource_name(std::string(decision_id));
    resource.set_description(rich.message());
    rich.add_details()->PackFrom(resource);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), rich.message(), rich.SerializeAsString());
}

}  // namespace suffice
