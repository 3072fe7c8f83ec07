// Little-endian reading and writing of byte strings, with bounds.
// Thread contract: both classes are confined to one thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace suffice {

static_assert(std::endian::native == std::endian::little, "file formats are little-endian");

class ByteSink {
 public:
  template <typename T>
  void Number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void Text(std::string_view text) {
    Number(static_cast<uint32_t>(text.size()));
    bytes_.append(text);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Takes values off the front. Every method returns false, and reads nothing sensible, when the bytes do not suffice.
class ByteSource {
 public:
  explicit ByteSource(std::string_view bytes) : rest_(bytes) {}
  size_t remaining() const { return rest_.size(); }

  template <typename T>
  bool Number(T& value) {
    static_assert(std::is_arithmetic_v<T>);
    if (sizeof(T) > rest_.size()) return false;
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return true;
  }
  bool Text(std::string& text) {
    uint32_t size;
    if (!Number(size) || size > rest_.size()) return false;
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return true;
  }

 private:
  std::string_view rest_;
};

}  // namespace suffice
