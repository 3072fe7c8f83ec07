// Writes a file so that a reader sees the old text or the new, never half.
// Thread contract: safe for different paths.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace suffice {

// Writes "<path>.tmp-<pid>" and renames it to `path`. Errors name the path and what the system said; the temporary
// file is removed.
absl::Status WriteFileWhole(const std::string& path, std::string_view text);
// The same for what is written piece by piece. An error of `write` is returned as it is. `write` may stop early when
// the stream fails.
absl::Status WriteFileThrough(const std::string& path, const std::function<absl::Status(std::ostream&)>& write);

}  // namespace suffice
