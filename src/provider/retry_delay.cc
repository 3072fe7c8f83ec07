#include "provider/retry_delay.h"

#include <curl/curl.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "base/hash.h"

namespace suffice {

std::optional<double> RetryAfterSeconds(std::string_view header, double now_s, double longest_s) {
  std::string text(header);
  absl::StripAsciiWhitespace(&text);
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds)) {
    const time_t date = curl_getdate(text.c_str(), nullptr);
    if (date < 0) return std::nullopt;
    seconds = static_cast<double>(date) - now_s;
  }
  if (std::isnan(seconds)) return std::nullopt;
  return std::clamp(seconds, 0.0, longest_s);
}

double BackoffSeconds(std::string_view key, int64_t retry, const ChatClientOptions& options) {
  const double whole =
      std::min(options.first_delay_s * std::exp2(static_cast<double>(retry - 1)), options.longest_delay_s);
  return whole * (0.5 + 0.5 * UnitInterval(Hash64(key, static_cast<uint64_t>(retry))));
}

}  // namespace suffice
