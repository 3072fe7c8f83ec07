#include "features/sketch.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "features/properties.h"
#include "features/scan.h"

namespace suffice {
namespace {

struct Scratch {
  uint16_t buckets[kMaxScanBuckets];
  uint16_t sorted[kMaxScanBuckets];
};

// One pass of a radix sort, by the byte at `shift`, of which `ends` holds how often each value occurs.
void RadixPass(const uint16_t* from, uint16_t* to, size_t size, int shift, std::array<uint32_t, 256>& ends) {
  uint32_t begin = 0;
  for (uint32_t& end : ends) begin += std::exchange(end, begin);
  for (size_t i = 0; i < size; ++i) to[ends[(from[i] >> shift) & 0xFF]++] = from[i];
}

void CountBuckets(Scratch& scratch, size_t size, std::vector<Sketch::Count>& counts) {
  std::array<uint32_t, 256> low{}, high{};
  for (size_t i = 0; i < size; ++i) {
    ++low[scratch.buckets[i] & 0xFF];
    ++high[scratch.buckets[i] >> 8];
  }
  RadixPass(scratch.buckets, scratch.sorted, size, 0, low);
  RadixPass(scratch.sorted, scratch.buckets, size, 8, high);
  if (size == 0) return counts.clear();
  counts.resize(size);
  // Without a branch that depends on the text: how often a bucket is repeated cannot be guessed.
  const uint16_t* const sorted = scratch.buckets;
  size_t at = 0;
  uint32_t repeats = 0;
  for (size_t i = 0; i < size; ++i) {
    const bool is_new = i > 0 && sorted[i] != sorted[i - 1];
    at += is_new;
    repeats = is_new ? 1 : repeats + 1;
    counts[at] = {sorted[i], static_cast<uint8_t>(std::min(repeats, 255U))};
  }
  counts.resize(at + 1);
}

}  // namespace

void SketchText(std::string_view text, uint64_t salt, Sketch& sketch) {
  thread_local const auto scratch = std::make_unique<Scratch>();
  TextCounts counts;
  const size_t size = ScanText(text, salt, counts, scratch->buckets);
  CountBuckets(*scratch, size, sketch.counts);
  const double distinct_share = size > 0 ? static_cast<double>(sketch.counts.size()) / static_cast<double>(size) : 0;
  sketch.properties = StandardisedProperties(counts, distinct_share);
}

}  // namespace suffice
