#include "service/errors.h"

#include <utility>
#include <vector>

#include "catch.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "suffice/status.h"

namespace suffice {
namespace {

// The detail of type `Detail`, if the error carries one.
template <typename Detail>
std::optional<Detail> DetailOf(const grpc::Status& error) {
  google::rpc::Status rich;
  REQUIRE(rich.ParseFromString(error.error_details()));
  CHECK(rich.code() == error.error_code());
  CHECK(rich.message() == error.error_message());
  Detail detail;
  for (const auto& any : rich.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

TEST_CASE("a wrong field is named in BadRequest", "[service]") {
  const grpc::Status error = ToGrpcStatus(InvalidField("stars", "expected 1 to 5, got 9"));
  CHECK(error.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  const auto bad = DetailOf<google::rpc::BadRequest>(error);
  REQUIRE(bad);
  REQUIRE(bad->field_violations_size() == 1);
  CHECK(bad->field_violations(0).field() == "stars");
  CHECK(bad->field_violations(0).description().find("expected 1 to 5") != std::string::npos);
  CHECK(DetailOf<google::rpc::ErrorInfo>(error)->reason() == "INVALID_FIELD");
  CHECK(DetailOf<google::rpc::ErrorInfo>(error)->domain() == "suffice");
}

TEST_CASE("every error has its stable reason", "[service]") {
  const std::vector<std::pair<absl::Status, std::string>> cases = {
      {absl::InvalidArgumentError("x"), "INVALID_REQUEST"},
      {absl::FailedPreconditionError("x"), "NO_ELIGIBLE_TIER"},
      {absl::NotFoundError("x"), "DECISION_NOT_FOUND"},
      {absl::PermissionDeniedError("x"), "OTHER_TENANT"},
      {absl::AlreadyExistsError("x"), "CONFLICTING_RECORD"},
      {absl::ResourceExhaustedError("x"), "QUEUE_FULL"},
      {BusyError(), "BUSY"},
      {absl::UnavailableError("x"), "SHUTTING_DOWN"},
      {StartingError(), "STARTING"},
      {DeadlineExpiredError(), "DEADLINE_EXPIRED"},
      {absl::CancelledError("x"), "CANCELLED"},
      {absl::DataLossError("x"), "INTERNAL"},
      {absl::InternalError("x"), "INTERNAL"},
  };
  for (const auto& [status, reason] : cases) {
    const grpc::Status error = ToGrpcStatus(status);
    CHECK(static_cast<int>(error.error_code()) == static_cast<int>(status.code()));
    CHECK(DetailOf<google::rpc::ErrorInfo>(error)->reason() == reason);
    const bool retry = status.code() == absl::StatusCode::kResourceExhausted || absl::IsUnavailable(status);
    CHECK(DetailOf<google::rpc::RetryInfo>(error).has_value() == retry);
    CHECK(DetailOf<google::rpc::ResourceInfo>(error).has_value() == absl::IsNotFound(status));
  }
  CHECK(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST_CASE("an unknown decision is named in ResourceInfo", "[service]") {
  const auto resource = DetailOf<google::rpc::ResourceInfo>(ToGrpcStatus(absl::NotFoundError("no such"), "some-id"));
  REQUIRE(resource);
  CHECK(resource->resource_type() == "decision");
  CHECK(resource->resource_name() == "some-id");
}

TEST_CASE("long messages are cut between characters, since they travel in headers", "[service]") {
  std::string euros;
  while (euros.size() < 5000) euros += "€";
  const grpc::Status error = ToGrpcStatus(InvalidField("pinned_tier", "x" + euros));
  CHECK(error.error_message().size() <= 1024);
  CHECK(error.error_message().size() > 1000);
  CHECK(error.error_message().substr(error.error_message().size() - 3) == "€");
  CHECK(error.error_details().size() < 4096);
}

}  // namespace
}  // namespace suffice
