#include "suffice/status.h"

#include <fmt/format.h>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"

namespace suffice {
namespace {
constexpr char kFieldUrl[] = "suffice/field";
constexpr char kReasonUrl[] = "suffice/reason";
constexpr char kRetryUrl[] = "suffice/retry_after_us";

std::optional<std::string> PayloadOf(const absl::Status& status, const char* url) {
  const auto payload = status.GetPayload(url);
  if (!payload) return std::nullopt;
  return std::string(*payload);
}

}  // namespace

absl::Status InvalidField(std::string_view field, std::string_view what) {
  absl::Status status = absl::InvalidArgumentError(fmt::format("{}: {}", field, what));
  status.SetPayload(kFieldUrl, absl::Cord(std::string(field)));
  return status;
}

std::optional<std::string> FieldOf(const absl::Status& status) { return PayloadOf(status, kFieldUrl); }

absl::Status WithReason(absl::Status status, std::string_view reason) {
  status.SetPayload(kReasonUrl, absl::Cord(std::string(reason)));
  return status;
}

absl::Status WithRetryAfter(absl::Status status, int64_t micros) {
  status.SetPayload(kRetryUrl, absl::Cord(std::to_string(micros)));
  return status;
}

std::optional<std::string> StatedReason(const absl::Status& status) { return PayloadOf(status, kReasonUrl); }

std::optional<int64_t> RetryAfterMicros(const absl::Status& status) {
  const auto text = PayloadOf(status, kRetryUrl);
  int64_t micros = 0;
  if (!text || !absl::SimpleAtoi(*text, &micros)) return std::nullopt;
  return micros;
}

}  // namespace suffice
