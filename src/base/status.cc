#include "suffice/status.h"

#include <fmt/format.h>

#include "absl/strings/cord.h"

namespace suffice {
namespace {
constexpr char kFieldUrl[] = "suffice/field";
}

absl::Status InvalidField(std::string_view field, std::string_view what) {
  absl::Status status = absl::InvalidArgumentError(fmt::format("{}: {}", field, what));
  status.SetPayload(kFieldUrl, absl::Cord(std::string(field)));
  return status;
}

std::optional<std::string> FieldOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kFieldUrl);
  if (!payload) return std::nullopt;
  return std::string(*payload);
}

}  // namespace suffice
