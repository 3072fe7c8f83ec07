#include "refit/threshold_calibration.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "refit/threshold_fit.h"
#include "suffice/status.h"

namespace suffice {
namespace {

// recovered[k]: share of the gap when the first k rows go to the strong tier. Empty where there is no gap.
std::vector<double> Recovered(const std::vector<GapRow>& rows) {
  double total = 0;
  for (const GapRow& row : rows) total += row.gain;
  if (total <= 0) return {};
  std::vector<double> recovered{0};
  recovered.reserve(rows.size() + 1);
  double sum = 0;
  for (const GapRow& row : rows) recovered.push_back((sum += row.gain) / total);
  return recovered;
}

void SortByWins(std::vector<GapRow>& rows) {
  std::sort(rows.begin(), rows.end(), [](const GapRow& a, const GapRow& b) { return a.wins > b.wins; });
}

double RecoveredAt(const std::vector<double>& recovered, double share) {
  return recovered[static_cast<size_t>(std::lround(share * static_cast<double>(recovered.size() - 1)))];
}

// Standard error of the gap recovered at a share, over resampled rows.
double BootstrapError(const std::vector<GapRow>& rows, double share) {
  constexpr int kSamples = 200;
  std::mt19937_64 random(1);
  std::uniform_int_distribution<size_t> any(0, rows.size() - 1);
  double n = 0, sum = 0, squares = 0;
  std::vector<GapRow> sample(rows.size());
  for (int i = 0; i < kSamples; ++i) {
    for (GapRow& row : sample) row = rows[any(random)];
    SortByWins(sample);
    const std::vector<double> recovered = Recovered(sample);
    if (recovered.empty()) continue;
    const double value = RecoveredAt(recovered, share);
    n += 1;
    sum += value;
    squares += value * value;
  }
  return n < 2 ? 0 : std::sqrt(std::max(0.0, squares / n - (sum / n) * (sum / n)));
}

}  // namespace

absl::StatusOr<FoundThreshold> FindThreshold(const std::vector<double>& wins, const std::vector<GapRow>& rows,
                                             const WantedThreshold& wanted) {
  if (wanted.strong_share.has_value() == wanted.quality.has_value()) {
    return InvalidField("strong-share", "expected either a share of strong calls or a share of the quality gap");
  }
  if (wins.empty()) return InvalidField("traffic", "expected at least one prompt");
  std::vector<GapRow> ranked = rows;
  SortByWins(ranked);
  const std::vector<double> recovered = Recovered(ranked);
  double share = wanted.strong_share.value_or(0);
  if (wanted.quality) {
    if (recovered.empty()) {
      return absl::FailedPreconditionError(
          "quality: there are no answers that show the strong tier to be better; wish for a strong share instead");
    }
    const auto enough =
        std::find_if(recovered.begin(), recovered.end(), [&](double r) { return r >= *wanted.quality; });
    share = static_cast<double>(enough - recovered.begin()) / static_cast<double>(ranked.size());
  }
  FoundThreshold found{.alpha = AlphaForShare(wins, share),
                       .prompts = static_cast<int64_t>(wins.size()),
                       .gap_rows = static_cast<int64_t>(rows.size())};
  found.strong_share = ShareAtLeast(wins, found.alpha);
  // Of the quantile itself, and of the fresh prompts that it is met with.
  found.strong_share_error =
      std::sqrt(2 * found.strong_share * (1 - found.strong_share) / static_cast<double>(wins.size()));
  if (!recovered.empty()) {
    found.gap_recovered = RecoveredAt(recovered, found.strong_share);
    found.gap_error = BootstrapError(ranked, found.strong_share);
  }
  return found;
}

}  // namespace suffice
