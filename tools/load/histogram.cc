#include "histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace suffice::load {
namespace {

constexpr int kBits = 7;  // 2^kBits buckets for each power of two
constexpr int64_t kPerPower = int64_t{1} << kBits;
static_assert(Histogram::kRelativeError == 1.0 / kPerPower);
constexpr size_t kBuckets = (64 - kBits) * kPerPower + kPerPower;

// Values below 2 kPerPower have a bucket each.
int ShiftOf(int64_t value) { return std::max(0, static_cast<int>(std::bit_width(static_cast<uint64_t>(value))) - kBits - 1); }

size_t BucketOf(int64_t value) {
  const int shift = ShiftOf(value);
  return static_cast<size_t>(shift * kPerPower + (value >> shift));
}

int64_t HighestIn(size_t bucket) {
  const auto index = static_cast<int64_t>(bucket);
  if (index < 2 * kPerPower) return index;
  const int64_t shift = index / kPerPower - 1;
  const int64_t leading = index - shift * kPerPower;
  return (leading << shift) + ((int64_t{1} << shift) - 1);
}

}  // namespace

Histogram::Histogram() : counts_(kBuckets) {}

void Histogram::Add(int64_t value) {
  value = std::max<int64_t>(value, 0);
  ++counts_[BucketOf(value)];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

int64_t Histogram::Percentile(double percent) const {
  const auto wanted = std::max<int64_t>(1, std::llround(std::ceil(percent / 100 * static_cast<double>(count_))));
  int64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(HighestIn(i), max_);
  }
  return max_;
}

}  // namespace suffice::load
