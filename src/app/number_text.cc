#include "app/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace suffice {
namespace {

// Puts commas into the digits before the decimal point.
std::string WithCommas(std::string digits) {
  const size_t first = digits.starts_with('-') ? 1 : 0;
  size_t at = std::min(digits.find('.'), digits.size());
  while (at > first + 3) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace

std::string CountText(int64_t count) { return WithCommas(fmt::format("{}", count)); }

std::string UsdText(double usd) {
  if (usd == 0 || !std::isfinite(usd)) return usd == 0 ? "$0" : fmt::format("${}", usd);
  const double size = std::abs(usd);
  constexpr int kMostDecimals = 9;  // a nano-dollar
  const int decimals = size >= 1 ? 2 : std::clamp(2 - static_cast<int>(std::floor(std::log10(size))), 2, kMostDecimals);
  return fmt::format("{}${}", usd < 0 ? "-" : "", WithCommas(fmt::format("{:.{}f}", size, decimals)));
}

std::string PercentText(double share) { return fmt::format("{:.1f}%", 100 * share); }

std::string DurationText(int64_t micros) {
  const int64_t seconds = std::max<int64_t>(0, micros / 1'000'000);
  constexpr int64_t kMinute = 60, kHour = 3600, kDay = 86400;
  if (seconds < kMinute) return fmt::format("{} s", seconds);
  if (seconds < kHour) return fmt::format("{} min", seconds / kMinute);
  if (seconds < kDay) return fmt::format("{} h {:02d} min", seconds / kHour, seconds % kHour / kMinute);
  return fmt::format("{} d {:02d} h", seconds / kDay, seconds % kDay / kHour);
}

}  // namespace suffice
