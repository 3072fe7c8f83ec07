// Little-endian reading and writing of byte strings, with bounds. Internal to this room.
// Thread contract: Reader is confined to one thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace suffice {

static_assert(std::endian::native == std::endian::little, "file formats are little-endian");

template <typename T>
void AppendRaw(std::string& bytes, const T* values, size_t count) {
  static_assert(std::is_arithmetic_v<T>);
  if (count > 0) bytes.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

template <typename T>
void AppendRaw(std::string& bytes, T value) {
  AppendRaw(bytes, &value, 1);
}

// LEB128.
inline void AppendVarint(std::string& bytes, uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
}

// Takes values off the front. Every method returns false, and reads nothing sensible, when the bytes do not suffice.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  size_t remaining() const { return rest_.size(); }

  template <typename T>
  bool Read(T* values, size_t count) {
    static_assert(std::is_arithmetic_v<T>);
    if (count > rest_.size() / sizeof(T)) return false;
    if (count > 0) std::memcpy(values, rest_.data(), count * sizeof(T));
    rest_.remove_prefix(count * sizeof(T));
    return true;
  }

  template <typename T>
  bool Read(T& value) {
    return Read(&value, 1);
  }

  bool ReadVarint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      uint8_t byte;
      if (!Read(byte)) return false;
      value |= uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

 private:
  std::string_view rest_;
};

}  // namespace suffice
