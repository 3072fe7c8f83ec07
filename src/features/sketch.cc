#include "features/sketch.h"

#include <bit>
#include <iterator>
#include <memory>
#include <utility>

#include "features/properties.h"
#include "features/scan.h"

namespace suffice {
namespace {

struct Scratch {
  MarkedText marked;
  uint16_t buckets[kMaxScanBuckets + 1];
  Sketch::Count counts[kMaxScanBuckets + 1];
  // How often each bucket came, up to 255; which ones did, and which numbers of those: a bit each. All zero between
  // calls. (A look at the bits of a word that has no more finds 64.)
  uint8_t times[kSketchBuckets + 64] = {};
  uint64_t seen[kSketchBuckets / 64] = {};
  uint64_t seen_in[kSketchBuckets / 64 / 64] = {};
};

// Writes the buckets of one word of `seen`. Most words have one or two, and how many cannot be guessed: so two are
// written always, and counted if they are there.
Sketch::Count* WriteCounts(const uint8_t* times, size_t first_bucket, uint64_t seen, Sketch::Count* out) {
  const auto write = [&] {
    const size_t bucket = first_bucket + static_cast<size_t>(std::countr_zero(seen));
    *out = {static_cast<uint16_t>(bucket), times[bucket]};
    out += seen != 0;
    seen &= seen - 1;
  };
  write();
  write();
  while (seen != 0) write();
  return out;
}

void CountBuckets(Scratch& scratch, size_t size, std::vector<Sketch::Count>& counts) {
  for (size_t i = 0; i < size; ++i) {
    const size_t bucket = scratch.buckets[i];
    uint8_t& times = scratch.times[bucket];
    times = static_cast<uint8_t>(times + (times != 255));
    scratch.seen[bucket / 64] |= uint64_t{1} << (bucket % 64);
    scratch.seen_in[bucket / 4096] |= uint64_t{1} << (bucket / 64 % 64);
  }
  Sketch::Count* out = scratch.counts;
  for (size_t block = 0; block < std::size(scratch.seen_in); ++block) {
    for (uint64_t words = std::exchange(scratch.seen_in[block], 0); words != 0; words &= words - 1) {
      const size_t word = 64 * block + static_cast<size_t>(std::countr_zero(words));
      out = WriteCounts(scratch.times, 64 * word, std::exchange(scratch.seen[word], 0), out);
    }
  }
  for (const Sketch::Count* count = scratch.counts; count != out; ++count) scratch.times[count->bucket] = 0;
  counts.assign(scratch.counts, out);
}

}  // namespace

void SketchText(std::string_view text, uint64_t salt, Sketch& sketch) {
  thread_local const auto scratch = std::make_unique<Scratch>();
  TextCounts counts;
  const size_t size = ScanText(text, salt, counts, scratch->buckets, scratch->marked);
  CountBuckets(*scratch, size, sketch.counts);
  const double distinct_share = size > 0 ? static_cast<double>(sketch.counts.size()) / static_cast<double>(size) : 0;
  sketch.properties = StandardisedProperties(counts, distinct_share);
}

}  // namespace suffice
