// A stretch of text with zeros behind it, and what its bytes are as bits: so a scanner finds where a word or a gap ends
// without looking at each byte. Internal to this room.
// Thread contract: confined to one thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace suffice {

static_assert(std::endian::native == std::endian::little, "bytes are packed as little-endian numbers");

class MarkedText {
 public:
  static constexpr size_t kCapacity = 8192;
  static constexpr size_t kPadding = 32;  // zeros after the text

  // Copies the text. REQUIRES: text.size() <= kCapacity.
  void Set(std::string_view text);
  const unsigned char* begin() const { return bytes_; }
  const unsigned char* end() const { return bytes_ + size_; }

  // Of the text.
  struct Tally {
    uint32_t capitals = 0;      // A to Z
    uint32_t rare_letters = 0;  // j, q, x, z, small or capital
    uint32_t not_ascii = 0;     // bytes from 0x80 on
  };
  const Tally& tally() const { return tally_; }

  // How many ASCII letters stand one after another from `p` on; 57 and more stand for any number from 57 on.
  size_t LettersAt(const unsigned char* p) const {
    return static_cast<size_t>(std::countr_one(BitsFrom(letters_, static_cast<size_t>(p - bytes_))));
  }
  // The first byte from `p` on that is not a blank (a control character other than a newline counts as one), or end().
  const unsigned char* SkipBlanks(const unsigned char* p) const {
    auto at = static_cast<size_t>(p - bytes_);
    uint64_t solid;
    while ((solid = BitsFrom(solid_, at)) == 0) at += kSureBits;
    return bytes_ + at + std::countr_zero(solid);
  }

 private:
  static constexpr size_t kSureBits = 57;  // of what BitsFrom reads, wherever it begins

  static uint64_t BitsFrom(const uint8_t* bits, size_t at) {
    uint64_t eight;
    std::memcpy(&eight, bits + at / 8, sizeof(eight));
    return eight >> (at % 8);
  }

  size_t size_ = 0;
  Tally tally_;
  unsigned char bytes_[kCapacity + kPadding];
  // A bit a byte, zeros after the text; but solid_ has a one at the end.
  uint8_t letters_[kCapacity / 8 + 16], solid_[kCapacity / 8 + 16];
};

}  // namespace suffice
