#include "features/sketch.h"

#include <bit>
#include <cstring>
#include <memory>
#include <utility>

#include "features/byte_group.h"
#include "features/properties.h"
#include "features/scan.h"

namespace suffice {
namespace {

constexpr size_t kWrittenAlways = 2;  // by WriteCounts

// How often each bucket came, up to 255. Which ones did: in words of a bit each, and a byte that says where a word has
// any. All zero between texts.
struct BucketCounts {
  static constexpr size_t kWords = kSketchBuckets / 64;
  uint8_t times[kSketchBuckets] = {};
  uint64_t seen[kWords] = {};
  uint8_t any[kWords] = {};

  void Add(size_t bucket) {
    times[bucket] = static_cast<uint8_t>(times[bucket] + (times[bucket] != 255));
    seen[bucket / 64] |= uint64_t{1} << (bucket % 64);
    any[bucket / 64] = 0xFF;
  }
};

struct Scratch {
  MarkedText marked;
  uint64_t tokens[kMaxTokens];
  BucketCounts buckets;
  Sketch::Count counts[2 * kMaxTokens + kWrittenAlways];
};

// Counts the tokens, each by itself and with the one before it.
void CountTokens(const uint64_t* tokens, size_t size, uint64_t previous, BucketCounts& buckets) {
  for (size_t i = 0; i < size; ++i) {
    const uint64_t token = tokens[i];
    buckets.Add(UnigramBucket(token));
    buckets.Add(BigramBucket(std::exchange(previous, token), token));
  }
}

// Writes the buckets of one word of `seen`. Most words have one or two, and how many cannot be guessed: so as many are
// written always, and counted if they are there.
Sketch::Count* WriteCounts(const uint8_t* times, size_t first_bucket, uint64_t seen, Sketch::Count* out) {
  constexpr uint64_t kLast = uint64_t{1} << 63;  // is found where there is none
  const auto write = [&] {
    const size_t bucket = first_bucket + static_cast<size_t>(std::countr_zero(seen | kLast));
    *out = {static_cast<uint16_t>(bucket), times[bucket]};
    out += seen != 0;
    seen &= seen - 1;
  };
  for (size_t i = 0; i < kWrittenAlways; ++i) write();
  while (seen != 0) write();
  return out;
}

// Takes all counts out of `buckets`.
Sketch::Count* TakeCounts(BucketCounts& buckets, Sketch::Count* const first) {
  Sketch::Count* out = first;
  for (size_t begin = 0; begin < BucketCounts::kWords; begin += 64) {
    uint64_t words = 0;
    for (size_t i = 0; i < 64; i += sizeof(ByteGroup)) {
      ByteGroup any;
      std::memcpy(&any, buckets.any + begin + i, sizeof(any));
      words |= uint64_t{TruthBits(any)} << i;
    }
    for (; words != 0; words &= words - 1) {
      const size_t word = begin + static_cast<size_t>(std::countr_zero(words));
      out = WriteCounts(buckets.times, 64 * word, std::exchange(buckets.seen[word], 0), out);
    }
  }
  std::memset(buckets.any, 0, sizeof(buckets.any));
  for (const Sketch::Count* count = first; count != out; ++count) buckets.times[count->bucket] = 0;
  return out;
}

}  // namespace

void SketchText(std::string_view text, uint64_t salt, Sketch& sketch) {
  thread_local const auto scratch = std::make_unique<Scratch>();
  TextCounts counts;
  const ScannedTokens scanned = ScanText(text, salt, counts, scratch->tokens, scratch->marked);
  CountTokens(scratch->tokens, scanned.head, StartToken(salt), scratch->buckets);
  size_t size = 2 * scanned.head;
  if (scanned.tail > 0) {
    // What stands before the first token of the tail was not read.
    const uint64_t* const tail = scratch->tokens + scanned.head;
    scratch->buckets.Add(UnigramBucket(*tail));
    CountTokens(tail + 1, scanned.tail - 1, *tail, scratch->buckets);
    size += 2 * scanned.tail - 1;
  }
  sketch.counts.assign(scratch->counts, TakeCounts(scratch->buckets, scratch->counts));
  const double distinct_share = size > 0 ? static_cast<double>(sketch.counts.size()) / static_cast<double>(size) : 0;
  sketch.properties = StandardisedProperties(counts, distinct_share);
}

}  // namespace suffice
