#include "features/marked_text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cassert>

namespace suffice {
namespace {

// Sixteen bytes at once; GCC and Clang map it to whatever vectors the machine has.
using Group = uint8_t __attribute__((vector_size(16)));

// A bit for each byte of `truth`, which are 0 or 0xFF.
uint16_t Bits(Group truth) {
#ifdef __SSE2__
  return static_cast<uint16_t>(_mm_movemask_epi8(std::bit_cast<__m128i>(truth)));
#else
  uint16_t bits = 0;
  for (int i = 0; i < 16; ++i) bits = static_cast<uint16_t>(bits | (truth[i] & 1) << i);
  return bits;
#endif
}

template <typename Truth>
void StoreBits(Truth truth, uint8_t* bits) {
  const uint16_t sixteen = Bits(std::bit_cast<Group>(truth));
  std::memcpy(bits, &sixteen, sizeof(sixteen));
}

// How often something was true, lane by lane: up to 255 groups.
struct Counter {
  Group lanes = {};
  template <typename Truth>
  void Add(Truth truth) {
    lanes -= std::bit_cast<Group>(truth);  // 0xFF is -1
  }
  uint32_t Sum() const {
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof(Group); ++i) sum += lanes[i];
    return sum;
  }
};
constexpr size_t kMaxGroups = 255;

}  // namespace

void MarkedText::Set(std::string_view text) {
  assert(text.size() <= kCapacity);
  size_ = text.size();
  tally_ = {};
  if (size_ > 0) std::memcpy(bytes_, text.data(), size_);
  std::memset(bytes_ + size_, 0, kPadding);
  const size_t groups = size_ / sizeof(Group) + 1;
  for (size_t i = 0; i < groups;) {
    Counter capitals, rare_letters, not_ascii;
    for (const size_t end = std::min(groups, i + kMaxGroups); i < end; ++i) {
      Group bytes;
      std::memcpy(&bytes, bytes_ + i * sizeof(Group), sizeof(Group));
      const Group small = bytes | 0x20;  // where it is a letter
      StoreBits((small - 'a') < 26, letters_ + 2 * i);
      StoreBits(((bytes > ' ') & (bytes != 0x7F)) | (bytes == '\n'), solid_ + 2 * i);
      capitals.Add((bytes - 'A') < 26);
      rare_letters.Add((small == 'j') | (small == 'q') | (small == 'x') | (small == 'z'));
      not_ascii.Add(bytes >= 0x80);
    }
    tally_.capitals += capitals.Sum();
    tally_.rare_letters += rare_letters.Sum();
    tally_.not_ascii += not_ascii.Sum();
  }
  // What BitsFrom may read beyond.
  std::memset(letters_ + 2 * groups, 0, sizeof(uint64_t));
  std::memset(solid_ + 2 * groups, 0, sizeof(uint64_t));
  solid_[size_ / 8] = static_cast<uint8_t>(solid_[size_ / 8] | 1U << (size_ % 8));
}

}  // namespace suffice
