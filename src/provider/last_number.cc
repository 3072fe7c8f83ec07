#include "provider/last_number.h"

#include <string>

#include "absl/strings/numbers.h"

namespace suffice {
namespace {

constexpr std::string_view kMinusSign = "\xe2\x88\x92";  // U+2212

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

size_t EndOfDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// The end of the digits and their groups ("1,234,567") from `at`.
size_t EndOfWhole(std::string_view text, size_t at) {
  size_t end = EndOfDigits(text, at);
  if (end - at > 3) return end;
  while (end < text.size() && text[end] == ',' && EndOfDigits(text, end + 1) == end + 4) end += 4;
  return end;
}

size_t EndOfExponent(std::string_view text, size_t at) {
  if (at >= text.size() || (text[at] != 'e' && text[at] != 'E')) return at;
  const bool sign = at + 1 < text.size() && (text[at + 1] == '-' || text[at + 1] == '+');
  const size_t digits = at + 1 + (sign ? 1 : 0);
  const size_t end = EndOfDigits(text, digits);
  return end > digits && (end == text.size() || !IsWord(text[end])) ? end : at;
}

// One past the number that begins at `at`, where there is a digit or a dot before one.
size_t EndOfNumber(std::string_view text, size_t at) {
  size_t end = EndOfWhole(text, at);
  if (end < text.size() && text[end] == '.' && EndOfDigits(text, end + 1) > end + 1) end = EndOfDigits(text, end + 1);
  return EndOfExponent(text, end);
}

// Whether what stands before `at` is a minus that belongs to the number: "-5", "-$5", not "3-5".
bool IsNegative(std::string_view text, size_t at) {
  std::string_view before = text.substr(0, at);
  if (before.ends_with('$')) before.remove_suffix(1);
  if (before.ends_with('-')) {
    before.remove_suffix(1);
  } else if (before.ends_with(kMinusSign)) {
    before.remove_suffix(kMinusSign.size());
  } else {
    return false;
  }
  return before.empty() || (!IsDigit(before.back()) && !IsWord(before.back()) && before.back() != ')');
}

}  // namespace

std::optional<double> LastNumber(std::string_view text) {
  std::optional<double> last;
  for (size_t at = 0; at < text.size();) {
    const bool dotted = text[at] == '.' && at + 1 < text.size() && IsDigit(text[at + 1]);
    if (!IsDigit(text[at]) && !dotted) {
      ++at;
      continue;
    }
    const size_t end = EndOfNumber(text, at);
    if (at == 0 || !IsWord(text[at - 1])) {
      std::string digits;
      for (const char c : text.substr(at, end - at)) {
        if (c != ',') digits += c;
      }
      double value = 0;
      if (absl::SimpleAtod(digits, &value)) last = IsNegative(text, at) ? -value : value;
    }
    at = end;
  }
  return last;
}

}  // namespace suffice
