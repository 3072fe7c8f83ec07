#include "policy/thompson.h"

#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "catch.h"
#include "stats/normal.h"

namespace suffice {
namespace {

std::vector<double> Probabilities(const std::vector<GaussianDraw>& draws) {
  std::vector<double> probabilities(draws.size());
  ProbabilityOfLargest(draws, probabilities);
  return probabilities;
}

std::vector<double> MonteCarlo(const std::vector<GaussianDraw>& draws, int n, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> share(draws.size(), 0);
  for (int i = 0; i < n; ++i) {
    size_t best = 0;
    double largest = -1e300;
    for (size_t a = 0; a < draws.size(); ++a) {
      const double value = draws[a].mean + draws[a].deviation * normal(random);
      if (value > largest) {
        largest = value;
        best = a;
      }
    }
    share[best] += 1.0 / n;
  }
  return share;
}

}  // namespace

TEST_CASE("two draws have the closed form, however their scales differ") {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (double ratio : {1.0, 0.3, 1e-2, 1e-4, 1e-6}) {
    for (int i = 0; i < 300; ++i) {
      const double s1 = 0.1, s2 = s1 * ratio, m1 = 0.5 + 0.3 * unit(random), m2 = 0.5 + 0.3 * unit(random);
      const double expected = NormalCdf((m1 - m2) / std::hypot(s1, s2));
      const std::vector<double> p = Probabilities({{m1, s1}, {m2, s2}});
      REQUIRE(std::abs(p[0] - expected) < 1e-7);
      REQUIRE(std::abs(p[0] + p[1] - 1) < 1e-12);
    }
  }
}

TEST_CASE("four draws of very different scales agree with Monte Carlo") {
  constexpr int kDraws = 400000;
  const std::vector<std::vector<GaussianDraw>> cases{
      {{0.5, 0.1}, {0.52, 1e-3}, {0.51, 1e-5}, {0.3, 0.4}},
      {{0.5, 0.2}, {0.5, 0.2}, {0.5, 0.2}, {0.5, 0.2}},
      {{0.6, 1e-6}, {0.6, 1e-2}, {0.59999, 1e-5}, {0.2, 0.2}},
      {{-30, 5}, {-29, 0.01}, {-45, 8}, {-28.98, 0.02}},
  };
  for (const auto& draws : cases) {
    const std::vector<double> p = Probabilities(draws), share = MonteCarlo(draws, kDraws, 2);
    for (size_t a = 0; a < draws.size(); ++a) {
      CHECK(std::abs(p[a] - share[a]) < 5 * std::sqrt(p[a] * (1 - p[a]) / kDraws) + 1e-7);
    }
  }
}

TEST_CASE("a fine grid gives the same for random sets") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int round = 0; round < 30; ++round) {
    std::vector<GaussianDraw> draws(2 + random() % 7);
    for (GaussianDraw& draw : draws) draw = {unit(random), 0.5 * std::pow(10.0, -2 * unit(random))};
    std::vector<double> expected(draws.size(), 0);
    constexpr double kStep = 2e-4;
    for (double t = -4; t < 5; t += kStep) {
      for (size_t a = 0; a < draws.size(); ++a) {
        double value = NormalDensity((t - draws[a].mean) / draws[a].deviation) / draws[a].deviation * kStep;
        for (size_t b = 0; b < draws.size(); ++b) {
          if (b != a) value *= NormalCdf((t - draws[b].mean) / draws[b].deviation);
        }
        expected[a] += value;
      }
    }
    const std::vector<double> p = Probabilities(draws);
    for (size_t a = 0; a < draws.size(); ++a) REQUIRE(std::abs(p[a] - expected[a]) < 1e-7);
  }
}

TEST_CASE("a dominated draw gets next to nothing, and nothing is negative") {
  const std::vector<double> p = Probabilities({{0.9, 0.01}, {0.2, 0.01}, {0.9, 0.01}, {-1e6, 1}});
  CHECK(p[0] == Approx(0.5).epsilon(1e-9));
  CHECK(p[2] == Approx(0.5).epsilon(1e-9));
  for (double x : p) CHECK(x >= 0);
  CHECK(p[1] < 1e-12);
  CHECK(p[3] < 1e-12);
}

TEST_CASE("draws without spread are points") {
  SECTION("the largest wins, equal ones share") {
    const std::vector<double> p = Probabilities({{0.4, 0}, {0.7, 0}, {0.7, 0}});
    CHECK(p == std::vector<double>{0, 0.5, 0.5});
  }
  SECTION("against one with spread") {
    const std::vector<double> p = Probabilities({{0.5, 0}, {0.4, 0.1}, {0.5, 0}, {0.1, 0}});
    CHECK(p[1] == Approx(NormalCdf(-1)).epsilon(1e-7));
    CHECK(p[0] == Approx(p[2]));
    CHECK(p[3] == 0);
  }
  SECTION("alone") {
    CHECK(Probabilities({{0, 0}}) == std::vector<double>{1});
    CHECK(Probabilities({{3, 2}})[0] == 1);
  }
}

TEST_CASE("as many as there may be") {
  std::vector<GaussianDraw> draws;
  for (int i = 0; i < 64; ++i) draws.push_back({0.5, 0.1});
  for (double p : Probabilities(draws)) CHECK(p == Approx(1.0 / 64));
}

}  // namespace suffice
