// Counts of whole numbers in log-linear buckets, as HDR histograms have them: each power of two is cut into 128 equal
// buckets, so a percentile is too large by at most one part in 128, whatever its size.
// Thread contract: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace suffice::load {

class Histogram {
 public:
  static constexpr double kRelativeError = 1.0 / 128;

  Histogram();

  // Negative values count as 0.
  void Add(int64_t value);
  void Merge(const Histogram& other);

  int64_t count() const { return count_; }
  int64_t max() const { return max_; }  // exact; 0 when empty
  // The least value v, but for the relative error, such that `percent` of all values are at most v. 0 when empty.
  // REQUIRES: percent in [0, 100].
  int64_t Percentile(double percent) const;

 private:
  std::vector<int64_t> counts_;
  int64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace suffice::load
