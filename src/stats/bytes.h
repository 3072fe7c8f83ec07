// Fixed-size values to and from little-endian bytes, for the encodings of statistics.
// Thread contract: pure functions.
#pragma once

#include <bit>
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

}  // namespace suffice
