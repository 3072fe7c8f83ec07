// Writes a file in one go, so that a reader sees the old text or the new, never half.
// Thread contract: safe for different paths.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace suffice {

// Writes "<path>.tmp-<pid>" and renames it to `path`. Errors name the path and what the system said; the temporary
// file is removed.
absl::Status WriteFileWhole(const std::string& path, std::string_view text);

}  // namespace suffice
