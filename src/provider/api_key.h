// Keys of providers, which must never show up in an error or a log.
// Thread contract: pure functions, but for reading the environment and files.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "suffice/config.h"

namespace suffice {

// From the environment or the first line of the file; empty where the provider names neither. INVALID_ARGUMENT names
// the provider and what is missing, never the key.
absl::StatusOr<std::string> ReadApiKey(const ProviderConfig& provider);

// Text of a service's for people: one line of at most 300 bytes, without the key.
std::string SafeText(std::string_view text, std::string_view api_key);

}  // namespace suffice
