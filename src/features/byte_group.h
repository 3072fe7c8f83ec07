// Sixteen bytes at once; GCC and Clang map it to whatever vectors the machine has. Internal to this room.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>

namespace suffice {

using ByteGroup = uint8_t __attribute__((vector_size(16)));

// A bit for each byte of `truth`, which are 0 or 0xFF; the first one's is the lowest.
inline uint16_t TruthBits(ByteGroup truth) {
#ifdef __SSE2__
  return static_cast<uint16_t>(_mm_movemask_epi8(std::bit_cast<__m128i>(truth)));
#else
  uint16_t bits = 0;
  for (int i = 0; i < 16; ++i) bits = static_cast<uint16_t>(bits | (truth[i] & 1) << i);
  return bits;
#endif
}

}  // namespace suffice
