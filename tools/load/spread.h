// The median of a few runs, and how far they lie apart.
// Thread contract: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace suffice::load {

struct Spread {
  double median = 0;
  double low = 0;
  double high = 0;
  size_t runs = 0;
};

// REQUIRES: not empty.
inline Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return {.median = (values[(n - 1) / 2] + values[n / 2]) / 2, .low = values.front(), .high = values.back(), .runs = n};
}

}  // namespace suffice::load
