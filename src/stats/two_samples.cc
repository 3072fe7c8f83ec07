#include "stats/two_samples.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/normal.h"

namespace suffice {
namespace {

constexpr double kCentral95 = 1.959963984540054;

double TwoSided(double z) { return 2 * NormalCdf(-std::abs(z)); }

}  // namespace

double Sample::StandardError() const {
  if (n < 2) return std::numeric_limits<double>::infinity();
  const double count = static_cast<double>(n);
  const double variance = (squares - sum * sum / count) / (count - 1);
  return std::sqrt(std::max(variance, 0.25 / count) / count);
}

Finding Finding::Of(double value, double standard_error) {
  const double half = kCentral95 * standard_error;
  return {.value = value,
          .low = value - half,
          .high = value + half,
          .p = standard_error > 0 && std::isfinite(standard_error) ? TwoSided(value / standard_error) : 1};
}

Finding CompareMeans(const Sample& older, const Sample& newer) {
  Finding finding = Finding::Of(newer.Mean() - older.Mean(), std::hypot(older.StandardError(), newer.StandardError()));
  if (std::min(older.n, newer.n) < kMinSample) finding.p = 1;
  return finding;
}

Finding CompareShares(int64_t older_hits, int64_t older_n, int64_t newer_hits, int64_t newer_n) {
  if (std::min(older_n, newer_n) < 1) return {};
  const double n = static_cast<double>(older_n), m = static_cast<double>(newer_n);
  const double before = static_cast<double>(older_hits) / n, after = static_cast<double>(newer_hits) / m;
  const double pooled = static_cast<double>(older_hits + newer_hits) / (n + m);
  Finding finding = Finding::Of(after - before, std::sqrt(before * (1 - before) / n + after * (1 - after) / m));
  const double error = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  const bool enough = std::min(older_n, newer_n) >= kMinSample && error > 0;
  finding.p = enough ? TwoSided(finding.value / error) : 1;
  return finding;
}

void MarkFindings(const std::vector<Finding*>& family, double rate) {
  std::vector<double> p_values;
  for (const Finding* finding : family) p_values.push_back(finding->p);
  std::sort(p_values.begin(), p_values.end());
  double threshold = -1;
  for (size_t k = 0; k < p_values.size(); ++k) {
    const double bound = rate * static_cast<double>(k + 1) / static_cast<double>(p_values.size());
    if (p_values[k] <= bound) threshold = p_values[k];
  }
  for (Finding* finding : family) finding->marked = finding->p <= threshold;
}

}  // namespace suffice
