#include "features/marked_text.h"

#include <algorithm>
#include <cassert>

#include "features/byte_group.h"

namespace suffice {
namespace {

template <typename Truth>
void StoreBits(Truth truth, uint8_t* bits) {
  const uint16_t sixteen = TruthBits(std::bit_cast<ByteGroup>(truth));
  std::memcpy(bits, &sixteen, sizeof(sixteen));
}

// How often something was true, lane by lane: up to 255 groups.
struct Counter {
  ByteGroup lanes = {};
  template <typename Truth>
  void Add(Truth truth) {
    lanes -= std::bit_cast<ByteGroup>(truth);  // 0xFF is -1
  }
  uint32_t Sum() const {
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof(ByteGroup); ++i) sum += lanes[i];
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
  const size_t groups = size_ / sizeof(ByteGroup) + 1;
  for (size_t i = 0; i < groups;) {
    Counter capitals, rare_letters, not_ascii;
    for (const size_t end = std::min(groups, i + kMaxGroups); i < end; ++i) {
      ByteGroup bytes;
      std::memcpy(&bytes, bytes_ + i * sizeof(ByteGroup), sizeof(ByteGroup));
      const ByteGroup small = bytes | 0x20;  // where it is a letter
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
