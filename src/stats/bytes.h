// Fixed-size values and texts to and from little-endian bytes, for the encodings of statistics.
// Thread contract: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace suffice {

static_assert(std::endian::native == std::endian::little, "the encodings of statistics copy memory as it is");

template <typename T>
void AppendValue(std::string& bytes, T value) {
  static_assert(std::is_arithmetic_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Consumes sizeof(T) bytes; nothing, and `bytes` untouched, when there are fewer.
template <typename T>
std::optional<T> ReadValue(std::string_view& bytes) {
  static_assert(std::is_arithmetic_v<T>);
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

// A text with its length before it.
inline void AppendText(std::string& bytes, std::string_view text) {
  AppendValue(bytes, static_cast<uint32_t>(text.size()));
  bytes += text;
}

// Consumes a text that AppendText wrote; nothing when it is cut short.
inline std::optional<std::string> ReadText(std::string_view& bytes) {
  const auto length = ReadValue<uint32_t>(bytes);
  if (!length || *length > bytes.size()) return std::nullopt;
  std::string text(bytes.substr(0, *length));
  bytes.remove_prefix(*length);
  return text;
}

}  // namespace suffice
