// How well a ranking of prompts separates those that need the stronger of two tiers: the metrics of RouteLLM (Ong et
// al. 2024, arXiv 2406.18665, section 3). Unlike its code, which samples ten thresholds, every row count is a point of
// the curve.
// Thread contract: pure functions.
#pragma once

#include <vector>

#include "absl/status/statusor.h"

namespace suffice {

// One held-out prompt.
struct RankedRow {
  double predicted_gain = 0;  // of the stronger tier over the weaker; any monotone score serves
  double weak_quality = 0;
  double strong_quality = 0;
};

// A point of the curve: with this share of the rows (largest predicted gain first) sent to the stronger tier.
struct TwoTierPoint {
  double strong_share = 0;   // in [0, 1]
  double gap_recovered = 0;  // PGR = (quality - weak) / (strong - weak)
};

struct TwoTierMetrics {
  double apgr = 0;   // mean PGR over all shares (trapezoid); a constant score has 0.5
  double cpt50 = 0;  // least share with PGR >= 0.5, between points by straight lines
  double cpt80 = 0;
  double cpt95 = 0;
};

// n + 1 points, from nobody to everybody. Within a group of equal scores any order is as likely, so the curve is
// straight there. INVALID_ARGUMENT: no rows, or a score that is not finite. FAILED_PRECONDITION: the stronger tier's
// mean quality is not above the weaker's, so that there is no gap to recover.
absl::StatusOr<std::vector<TwoTierPoint>> TwoTierCurve(const std::vector<RankedRow>& rows);

// Area under the curve.
double Apgr(const std::vector<TwoTierPoint>& curve);
// Least share of strong calls with PGR >= `level`. REQUIRES: level <= 1.
double Cpt(const std::vector<TwoTierPoint>& curve, double level);

// All of it; the same errors as TwoTierCurve.
absl::StatusOr<TwoTierMetrics> EvaluateTwoTierRanking(const std::vector<RankedRow>& rows);

}  // namespace suffice
