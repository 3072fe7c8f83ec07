// Bytes with a checksum before them, so that what a disk or a hand has changed is not taken for true. What was written
// before there were seals is taken as it is.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace suffice {

// Eight bytes that no length has ("SUFSEAL1"), the XXH3 of `bytes`, the bytes.
std::string Seal(std::string bytes);
// The bytes within; those without a seal themselves. DATA_LOSS when they are not what was sealed. `sealed` outlives the
// answer.
absl::StatusOr<std::string_view> Unseal(std::string_view sealed);

}  // namespace suffice
