#include "histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "catch.h"

namespace suffice::load {
namespace {

int64_t ExactPercentile(std::vector<int64_t> values, double percent) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::max<size_t>(rank, 1) - 1];
}

TEST_CASE("A histogram's percentiles are exact for small values") {
  Histogram histogram;
  for (int64_t value = 1; value <= 200; ++value) histogram.Add(value);
  CHECK(histogram.Percentile(50) == 100);
  CHECK(histogram.Percentile(99) == 198);
  CHECK(histogram.Percentile(0) == 1);
  CHECK(histogram.Percentile(100) == 200);
}

TEST_CASE("A histogram's percentiles lie within the stated error, from nanoseconds to hours") {
  std::mt19937_64 random(5);
  std::lognormal_distribution<double> spread(15, 6);
  Histogram histogram;
  std::vector<int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<int64_t>(spread(random)));
    histogram.Add(values.back());
  }
  for (const double percent : {0.1, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
    CAPTURE(percent);
    const int64_t exact = ExactPercentile(values, percent);
    CHECK(histogram.Percentile(percent) >= exact);
    CHECK(static_cast<double>(histogram.Percentile(percent)) <=
          static_cast<double>(exact) * (1 + Histogram::kRelativeError));
  }
}

TEST_CASE("Merged histograms are the histogram of all values") {
  Histogram low, high, all;
  for (int64_t value = 1; value < 3000; value += 7) {
    (value < 1000 ? low : high).Add(value);
    all.Add(value);
  }
  low.Merge(high);
  CHECK(low.count() == all.count());
  CHECK(low.max() == all.max());
  for (const double percent : {10.0, 50.0, 99.0}) CHECK(low.Percentile(percent) == all.Percentile(percent));
}

TEST_CASE("A histogram takes any value") {
  Histogram histogram;
  CHECK(histogram.Percentile(50) == 0);
  histogram.Add(-5);
  CHECK(histogram.Percentile(50) == 0);
  histogram.Add(INT64_MAX);
  CHECK(histogram.Percentile(100) == INT64_MAX);
  CHECK(histogram.count() == 2);
}

}  // namespace
}  // namespace suffice::load
