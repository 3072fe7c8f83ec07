#include "base/label.h"

#include <fmt/format.h>

#include "suffice/status.h"

namespace suffice {

absl::Status CheckLabel(std::string_view field, std::string_view text) {
  if (text.size() <= kMaxLabelBytes) return absl::OkStatus();
  return InvalidField(field, fmt::format("expected at most {} bytes, got {}", kMaxLabelBytes, text.size()));
}

}  // namespace suffice
