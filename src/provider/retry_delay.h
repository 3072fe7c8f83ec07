// How long to wait before a call is made again.
// Thread contract: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "provider/chat_client.h"

namespace suffice {

// Seconds that a retry-after header asks for: a number, or an HTTP date seen from `now_s` (Unix time). At least 0, at
// most `longest_s`; nothing for a header that is neither.
std::optional<double> RetryAfterSeconds(std::string_view header, double now_s, double longest_s);

// Seconds before retry number `retry` (1: the first) of the call with this key: uniform in [half, whole] of a delay
// that doubles each time, the same each time it is asked.
double BackoffSeconds(std::string_view key, int64_t retry, const ChatClientOptions& options);

}  // namespace suffice
