#include "evaluation/two_tier_curve.h"

#include <limits>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

TEST_CASE("A constant score has APGR 0.5 and spends in proportion, whatever the rows' order") {
  std::vector<RankedRow> rows;
  for (int i = 0; i < 101; ++i) rows.push_back({0.3, i < 60 ? 0.0 : 1.0, i < 60 ? 1.0 : 0.5});
  const auto metrics = EvaluateTwoTierRanking(rows);
  REQUIRE(metrics.ok());
  CHECK(metrics->apgr == Approx(0.5).epsilon(1e-12));
  CHECK(metrics->cpt50 == Approx(0.5).epsilon(1e-12));
  CHECK(metrics->cpt80 == Approx(0.8).epsilon(1e-12));
  CHECK(metrics->cpt95 == Approx(0.95).epsilon(1e-12));
}

TEST_CASE("A perfect ranking of binary qualities has the area that can be written down") {
  // 40 of 100 rows gain 1, the rest gain 0: PGR rises to 1 at a share of 0.4.
  std::vector<RankedRow> rows;
  for (int i = 0; i < 100; ++i) rows.push_back({i % 5 < 2 ? 1.0 : 0.0, i % 5 < 2 ? 0.0 : 1.0, 1.0});
  const auto metrics = EvaluateTwoTierRanking(rows);
  REQUIRE(metrics.ok());
  CHECK(metrics->apgr == Approx(0.6 + 0.4 / 2));
  CHECK(metrics->cpt50 == Approx(0.2));
  CHECK(metrics->cpt80 == Approx(0.32));
  CHECK(metrics->cpt95 == Approx(0.38));
  for (RankedRow& row : rows) row.predicted_gain = -row.predicted_gain;
  CHECK(EvaluateTwoTierRanking(rows)->apgr == Approx(0.4 / 2));
}

TEST_CASE("Only the order of the scores matters, and reversing it mirrors the area") {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> uniform;
  std::vector<RankedRow> rows;
  for (int i = 0; i < 200; ++i) rows.push_back({uniform(random), uniform(random), 0.3 + uniform(random)});
  const double apgr = EvaluateTwoTierRanking(rows)->apgr;
  auto same = rows, reversed = rows;
  for (RankedRow& row : same) row.predicted_gain = 100 * row.predicted_gain * row.predicted_gain - 7;
  for (RankedRow& row : reversed) row.predicted_gain = -row.predicted_gain;
  CHECK(EvaluateTwoTierRanking(same)->apgr == apgr);
  CHECK(EvaluateTwoTierRanking(reversed)->apgr == Approx(1 - apgr));
}

TEST_CASE("The curve may rise above 1 and fall back; CPT takes the first crossing") {
  const std::vector<RankedRow> rows{{3, 0, 1}, {2, 0, 1}, {1, 1, 0}};
  const auto curve = TwoTierCurve(rows);
  REQUIRE(curve.ok());
  CHECK((*curve)[2].gap_recovered == Approx(2));
  CHECK(curve->back().gap_recovered == 1);
  CHECK(Cpt(*curve, 0.5) == Approx(0.5 / 3));
  CHECK(Cpt(*curve, 0) == 0);
  CHECK(Apgr(*curve) == Approx((0.5 + 1.5 + 1.5) / 3));
}

TEST_CASE("Where there is no gap, no rows or no finite score, it says so") {
  CHECK(TwoTierCurve({}).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(TwoTierCurve({{1, 0.5, 0.5}}).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(TwoTierCurve({{1, 0.9, 0.5}}).status().code() == absl::StatusCode::kFailedPrecondition);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(TwoTierCurve({{nan, 0, 1}}).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace suffice
