#include "refit/threshold_calibration.h"

#include <cmath>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

// P(strong wins) uniform; the strong tier is better by about as much.
std::vector<GapRow> Rows(int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<GapRow> rows;
  for (int i = 0; i < count; ++i) {
    const double wins = unit(random);
    rows.push_back({wins, unit(random) < wins ? 1.0 : 0.0});
  }
  return rows;
}

std::vector<double> WinsOf(const std::vector<GapRow>& rows) {
  std::vector<double> wins;
  for (const GapRow& row : rows) wins.push_back(row.wins);
  return wins;
}

}  // namespace

TEST_CASE("a wanted share of strong calls is met on fresh prompts within its error") {
  const std::vector<GapRow> rows = Rows(4000, 1), fresh = Rows(4000, 2);
  for (const double share : {0.1, 0.5, 0.8}) {
    const auto found = FindThreshold(WinsOf(rows), rows, {.strong_share = share});
    REQUIRE(found.ok());
    CHECK(found->strong_share == Approx(share).margin(1e-3));
    double served = 0;
    for (const GapRow& row : fresh) served += row.wins >= found->alpha ? 1.0 / 4000 : 0;
    CHECK(std::abs(served - share) < 4 * found->strong_share_error);
  }
}

TEST_CASE("a wanted share of the gap takes the fewest strong calls") {
  // Gain is P itself: the share t with the largest P recovers 1 - (1 - t)^2.
  const std::vector<GapRow> rows = Rows(20'000, 3);
  const auto found = FindThreshold(WinsOf(rows), rows, {.quality = 0.75});
  REQUIRE(found.ok());
  CHECK(found->strong_share == Approx(0.5).margin(0.02));
  CHECK(found->alpha == Approx(0.5).margin(0.02));
  CHECK(found->gap_recovered == Approx(0.75).margin(0.01));
  CHECK(found->gap_error > 0);
  CHECK(found->gap_error < 0.01);
}

TEST_CASE("wishes that cannot be are refused in plain words") {
  const std::vector<GapRow> rows = Rows(10, 4);
  CHECK(absl::IsInvalidArgument(FindThreshold(WinsOf(rows), rows, {}).status()));
  CHECK(absl::IsInvalidArgument(FindThreshold(WinsOf(rows), rows, {.strong_share = 0.5, .quality = 0.5}).status()));
  CHECK(absl::IsInvalidArgument(FindThreshold({}, rows, {.strong_share = 0.5}).status()));
  CHECK(absl::IsFailedPrecondition(FindThreshold(WinsOf(rows), {}, {.quality = 0.5}).status()));
  CHECK(absl::IsFailedPrecondition(FindThreshold({0.5}, {{0.5, -0.1}}, {.quality = 0.5}).status()));
  const auto share = FindThreshold(WinsOf(rows), {}, {.strong_share = 0.5});
  REQUIRE(share.ok());
  CHECK(share->gap_rows == 0);
}

}  // namespace suffice
