// Short texts that callers send and the log keeps: ids, tenants, names.
// Thread contract: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace suffice {

inline constexpr size_t kMaxLabelBytes = 256;

// INVALID_ARGUMENT naming `field` when `text` is longer than kMaxLabelBytes.
absl::Status CheckLabel(std::string_view field, std::string_view text);

}  // namespace suffice
