// Whether a mean or a share is another one in a second sample, with normal intervals; and which of many such findings
// to believe.
// Thread contract: value types and pure functions.
#pragma once

#include <cstdint>
#include <vector>

namespace suffice {

// Sums over observations.
struct Sample {
  int64_t n = 0;
  double sum = 0, squares = 0;

  void Add(double y) {
    ++n;
    sum += y;
    squares += y * y;
  }
  double Mean() const { return n > 0 ? sum / static_cast<double>(n) : 0; }
  // Of the mean. The variance is taken to be at least 0.25 / n, which rewards of few observations that happen to agree
  // would not show. Infinite below two observations.
  double StandardError() const;
};

// A number with its central 95%, and the probability of one as far from 0 by chance alone.
struct Finding {
  double value = 0, low = 0, high = 0;
  double p = 1;
  bool marked = false;  // believed among its family, see MarkFindings

  static Finding Of(double value, double standard_error);
};

// Samples smaller than this find nothing (p = 1): normal intervals are too narrow for them.
inline constexpr int64_t kMinSample = 30;

// newer - older.
Finding CompareMeans(const Sample& older, const Sample& newer);
// Shares of `older_n` and `newer_n` trials; p by the pooled share.
Finding CompareShares(int64_t older_hits, int64_t older_n, int64_t newer_hits, int64_t newer_n);

// Marks the findings of one family that pass the step-up procedure of Benjamini and Hochberg (1995): with m findings
// ordered by p, all up to the last k with p_(k) <= rate k / m. Of those marked, `rate` are expected to be chance.
void MarkFindings(const std::vector<Finding*>& family, double rate);

}  // namespace suffice
