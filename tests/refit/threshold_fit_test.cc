// The win curve and alpha, on pairs drawn from a known curve.
#include "refit/threshold_fit.h"

#include <cmath>
#include <random>

#include "catch.h"
#include "policy/policy.h"

namespace suffice {
namespace {

std::vector<TierPair> Drawn(const ThresholdConfig& truth, int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> gains(0.1, 0.3);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<TierPair> pairs;
  for (int i = 0; i < count; ++i) {
    const double gain = gains(random);
    pairs.push_back({.gain = gain, .win = unit(random) < StrongWins(truth, gain) ? 1.0 : 0.0});
  }
  return pairs;
}

}  // namespace

TEST_CASE("a win curve is found again from its own draws") {
  const WinCurve curve = FitWinCurve(Drawn({.intercept = -0.5, .slope = 3}, 20'000, 1), {});
  CHECK(curve.intercept == Approx(-0.5).margin(0.08));
  CHECK(curve.slope == Approx(3).margin(0.2));
}

TEST_CASE("few pairs move the curve little, none not at all, and its slope stays a rise") {
  const WinCurve prior{.intercept = 0.2, .slope = 4};
  const WinCurve none = FitWinCurve({}, prior);
  CHECK(none.slope == 4);
  CHECK(none.intercept == 0.2);
  const WinCurve few = FitWinCurve(Drawn({.intercept = 2, .slope = 0}, 5, 2), prior);
  CHECK(std::abs(few.intercept - 0.2) < 0.5);
  CHECK(FitWinCurve(Drawn({.intercept = 0, .slope = -5}, 5000, 3), prior).slope == 0);
  // Gains that are all alike say nothing of the slope.
  const WinCurve alike = FitWinCurve(std::vector<TierPair>(500, {.gain = 0.1, .win = 0.5}), prior);
  CHECK(std::isfinite(alike.slope));
  CHECK(StrongWins({.intercept = alike.intercept, .slope = alike.slope}, 0.1) == Approx(0.5).margin(0.03));
}

TEST_CASE("alpha gives the share that was wanted") {
  std::mt19937 random(4);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<double> wins(1001);
  for (double& win : wins) win = unit(random);
  for (const double share : {0.0, 0.001, 0.25, 0.5, 0.9, 0.999, 1.0}) {
    CHECK(ShareAtLeast(wins, AlphaForShare(wins, share)) == Approx(share).margin(0.5 / 1001 + 1e-12));
  }
  CHECK(ShareAtLeast(std::vector<double>{1, 1}, AlphaForShare({1, 1}, 1)) == 1);
}

TEST_CASE("ties at the border go to the nearer side") {
  const std::vector<double> wins{0.9, 0.5, 0.5, 0.5, 0.1};
  CHECK(ShareAtLeast(wins, AlphaForShare(wins, 0.4)) == Approx(0.2));
  CHECK(ShareAtLeast(wins, AlphaForShare(wins, 0.6)) == Approx(0.8));
  CHECK(ShareAtLeast(wins, AlphaForShare(wins, 0.2)) == Approx(0.2));
}

TEST_CASE("prompts are paired by id, and need both rewards") {
  const std::vector<OutOfFoldPrediction> strong{{.id = "a", .quality = 0.9, .reward = 1},
                                                {.id = "b", .quality = 0.8},
                                                {.id = "c", .quality = 0.7, .reward = 0.5},
                                                {.id = "d", .quality = 0.6, .reward = 0}};
  const std::vector<OutOfFoldPrediction> weak{{.id = "d", .quality = 0.5, .reward = 1},
                                              {.id = "c", .quality = 0.3, .reward = 0.5},
                                              {.id = "b", .quality = 0.3, .reward = 0.5},
                                              {.id = "a", .quality = 0.3, .reward = 0}};
  const auto pairs = PairUp(strong, {}, weak, {.quality_offset = 0.1, .quality_slope = 0.5});
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[0].win == 1);
  CHECK(pairs[0].gain == Approx(0.9 - 0.25));
  CHECK(pairs[1].win == 0.5);
  CHECK(pairs[2].win == 0);
}

}  // namespace suffice
