#include "evaluation/linear_world.h"

#include <cmath>

#include "catch.h"

namespace suffice {
namespace {

TEST_CASE("Contexts are standardised, means and rewards stay in range, and all of it is repeatable") {
  const LinearWorld world({.tiers = 4, .dimensions = 16, .noise_sd = 0.1, .seed = 7});
  std::vector<double> sum(16), squares(16);
  double residual = 0, residual_squares = 0;
  int best_counts[4] = {};
  constexpr int kContexts = 5000;
  for (uint64_t i = 0; i < kContexts; ++i) {
    const auto x = world.Context(i);
    REQUIRE(x.size() == 16);
    double length = 0;
    for (size_t j = 0; j < 16; ++j) {
      sum[j] += x[j];
      squares[j] += x[j] * x[j];
      length += x[j] * x[j];
    }
    REQUIRE(length == Approx(16).epsilon(1e-5));
    const double best = world.BestMeanReward(x);
    for (size_t k = 0; k < 4; ++k) {
      const double mean = world.MeanReward(k, x), reward = world.Reward(i, k);
      REQUIRE(mean <= best);
      REQUIRE(reward >= 0);
      REQUIRE(reward <= 1);
      best_counts[k] += mean == best;
      residual += reward - mean;
      residual_squares += (reward - mean) * (reward - mean);
    }
  }
  for (size_t j = 0; j < 16; ++j) {
    CHECK(std::abs(sum[j] / kContexts) < 0.07);  // 5 standard errors
    CHECK(squares[j] / kContexts == Approx(1).margin(0.1));
  }
  CHECK(std::abs(residual / (4 * kContexts)) < 0.004);
  CHECK(std::sqrt(residual_squares / (4 * kContexts)) == Approx(0.1).margin(0.003));
  for (const int count : best_counts) CHECK(count > kContexts / 20);
  CHECK(world.Context(3) == LinearWorld({.seed = 7}).Context(3));
  CHECK(world.Context(3) != LinearWorld({.seed = 8}).Context(3));
  CHECK(world.Reward(3, 1) == LinearWorld({.seed = 7}).Reward(3, 1));
}

TEST_CASE("The growth exponent of a power is its power") {
  std::vector<std::pair<double, double>> points{{0, 5}, {10, 0}};
  for (double t = 1000; t <= 1e5; t *= 2) points.emplace_back(t, 3 * std::pow(t, 0.4));
  CHECK(GrowthExponent(points) == Approx(0.4));
  CHECK(GrowthExponent({{10, 1}}) == 0);
  CHECK(GrowthExponent({}) == 0);
}

}  // namespace
}  // namespace suffice
