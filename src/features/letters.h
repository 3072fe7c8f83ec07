// Letters, eight bytes at a time in one 64-bit number, first byte lowest. Internal to this room.
// Thread contract: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "features/words.h"

namespace suffice {

static_assert(std::endian::native == std::endian::little, "bytes are packed as little-endian numbers");

inline constexpr uint64_t kEachByte = 0x0101010101010101ULL;
inline constexpr uint64_t kHighBits = 0x80 * kEachByte;

inline uint64_t LoadEight(const void* bytes) {
  uint64_t eight;
  std::memcpy(&eight, bytes, sizeof(eight));
  return eight;
}

// The high bit of every byte that lies in [first, last]. REQUIRES: first <= last < 0x80.
constexpr uint64_t BytesIn(uint64_t eight, uint64_t first, uint64_t last) {
  const uint64_t low_bits = eight & ~kHighBits;
  return (low_bits + kEachByte * (0x80 - first)) & ~(low_bits + kEachByte * (0x7F - last)) & ~eight & kHighBits;
}

// The first `size` bytes of eight, zeros after. REQUIRES: size <= 8.
constexpr uint64_t Prefix(uint64_t eight, size_t size) {
  return size == 8 ? eight : eight & ((uint64_t{1} << (8 * size)) - 1);
}

struct LetterRun {
  ShortWord word;   // lower-cased
  size_t size = 0;  // letters; 0 when the run does not end within 16 bytes
  bool all_capitals = false;
};

// The run of ASCII letters that begins at `bytes`. REQUIRES: 16 readable bytes.
inline LetterRun ReadLetters(const void* bytes) {
  LetterRun run;
  const uint64_t raw[2] = {LoadEight(bytes), LoadEight(static_cast<const char*>(bytes) + 8)};
  uint64_t lower[2], capitals[2], others[2];
  for (int i = 0; i < 2; ++i) {
    capitals[i] = BytesIn(raw[i], 'A', 'Z');
    lower[i] = raw[i] | capitals[i] >> 2;
    others[i] = ~BytesIn(lower[i], 'a', 'z') & kHighBits;
  }
  if ((others[0] | others[1]) == 0) return run;
  const size_t low = static_cast<size_t>(std::countr_zero(others[0])) / 8;  // 8 when all are letters
  const size_t high = others[0] != 0 ? 0 : static_cast<size_t>(std::countr_zero(others[1])) / 8;
  run.word = {Prefix(lower[0], low), Prefix(lower[1], high)};
  run.size = low + high;
  run.all_capitals = Prefix(kHighBits & ~capitals[0], low) == 0 && Prefix(kHighBits & ~capitals[1], high) == 0;
  return run;
}

}  // namespace suffice
