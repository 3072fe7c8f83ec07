#include "evaluation/two_tier_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {

absl::StatusOr<std::vector<TwoTierPoint>> TwoTierCurve(const std::vector<RankedRow>& rows) {
  if (rows.empty()) return InvalidField("rows", "expected at least one");
  double gap = 0;
  for (const RankedRow& row : rows) {
    if (!std::isfinite(row.predicted_gain)) return InvalidField("predicted_gain", "expected a finite number");
    gap += row.strong_quality - row.weak_quality;
  }
  const double n = static_cast<double>(rows.size());
  if (gap <= 1e-12 * n) {
    return absl::FailedPreconditionError(fmt::format(
        "the dearer tier's mean quality is not above the cheaper's (difference {:.4g}): there is no gap to recover",
        gap / n));
  }
  std::vector<RankedRow> ranked = rows;
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const RankedRow& a, const RankedRow& b) { return a.predicted_gain > b.predicted_gain; });
  std::vector<TwoTierPoint> curve{{0, 0}};
  double recovered = 0;
  for (size_t begin = 0, end = 0; begin < ranked.size(); begin = end) {
    double group = 0;
    for (end = begin; end < ranked.size() && ranked[end].predicted_gain == ranked[begin].predicted_gain; ++end) {
      group += ranked[end].strong_quality - ranked[end].weak_quality;
    }
    const double size = static_cast<double>(end - begin);
    for (size_t i = begin; i < end; ++i) {
      const double within = static_cast<double>(i + 1 - begin) / size;
      curve.push_back({static_cast<double>(i + 1) / n, (recovered + group * within) / gap});
    }
    recovered += group;
  }
  curve.back().gap_recovered = 1;  // by definition; the sums are a rounding error away
  return curve;
}

double Apgr(const std::vector<TwoTierPoint>& curve) {
  double area = 0;
  for (size_t i = 1; i < curve.size(); ++i) {
    const TwoTierPoint& a = curve[i - 1];
    const TwoTierPoint& b = curve[i];
    area += (b.strong_share - a.strong_share) * (a.gap_recovered + b.gap_recovered) / 2;
  }
  return area;
}

double Cpt(const std::vector<TwoTierPoint>& curve, double level) {
  if (curve.front().gap_recovered >= level) return curve.front().strong_share;
  for (size_t i = 1; i < curve.size(); ++i) {
    const TwoTierPoint& a = curve[i - 1];
    const TwoTierPoint& b = curve[i];
    if (b.gap_recovered < level) continue;
    const double part = (level - a.gap_recovered) / (b.gap_recovered - a.gap_recovered);
    return a.strong_share + part * (b.strong_share - a.strong_share);
  }
  return curve.back().strong_share;
}

absl::StatusOr<TwoTierMetrics> EvaluateTwoTierRanking(const std::vector<RankedRow>& rows) {
  SUFFICE_ASSIGN_OR_RETURN(const std::vector<TwoTierPoint> curve, TwoTierCurve(rows));
  return TwoTierMetrics{Apgr(curve), Cpt(curve, 0.5), Cpt(curve, 0.8), Cpt(curve, 0.95)};
}

}  // namespace suffice
