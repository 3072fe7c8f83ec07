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
  counts.clear();
  counts.reserve(size);
  const uint16_t* const sorted = scratch.buckets;
  for (size_t i = 0; i < size;) {
    size_t j = i + 1;
    while (j < size && sorted[j] == sorted[i]) ++j;
    counts.push_back({sorted[i], static_cast<uint8_t>(std::min<size_t>(j - i, 255))});
    i = j;
  }
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
