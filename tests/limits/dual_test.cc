// Multipliers against brute force, and what cannot be kept.
#include "limits/dual.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

// Contexts whose options cost and bring more the higher they are, with noise. Limits on an even place are on a use that
// grows with the option, the others on one that falls.
DualProblem RandomProblem(uint64_t seed, size_t contexts, int options, const std::vector<double>& budgets) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  DualProblem problem{.options = options};
  problem.excess.resize(budgets.size());
  for (size_t i = 0; i < contexts; ++i) {
    for (int a = 0; a < options; ++a) {
      problem.objective.push_back(0.5 + 0.1 * a + 0.3 * unit(random));
      for (size_t j = 0; j < budgets.size(); ++j) {
        const double use = (0.1 + (j % 2 == 0 ? a : options - 1 - a)) * (0.5 + unit(random));
        problem.excess[j].push_back(use / budgets[j] - 1);
      }
    }
  }
  return problem;
}

double DualValue(const DualProblem& problem, const std::vector<double>& lambda) {
  const auto options = static_cast<size_t>(problem.options);
  double total = 0;
  for (size_t at = 0; at < problem.objective.size(); at += options) {
    double best = -1e300;
    for (size_t a = at; a < at + options; ++a) {
      double score = problem.objective[a];
      for (size_t j = 0; j < lambda.size(); ++j) score -= lambda[j] * problem.excess[j][a];
      best = std::max(best, score);
    }
    total += best;
  }
  return total / static_cast<double>(problem.contexts());
}

}  // namespace

TEST_CASE("one limit: the least multiplier that keeps it, at the minimum of the dual") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const DualProblem problem = RandomProblem(seed, 400, 4, {1.2});
    const DualSolution solution = SolveDual(problem);
    CHECK(solution.excess[0] <= 1e-9);
    CHECK(solution.excess[0] > -0.02);  // it binds: no more than a few contexts' worth is left over
    CHECK(solution.value == Approx(DualValue(problem, solution.multipliers)));
    for (double factor = 0.1; factor < 10; factor *= 1.07) {
      CHECK(DualValue(problem, {solution.multipliers[0] * factor}) >= solution.value - 1e-9);
    }
  }
}

TEST_CASE("a limit that does not bind has no price") {
  const DualSolution solution = SolveDual(RandomProblem(3, 300, 3, {1.0, 100}));
  CHECK(solution.multipliers[0] > 0);
  CHECK(solution.multipliers[1] == 0);
}

TEST_CASE("two limits: near the minimum of the dual on a grid") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const DualProblem problem = RandomProblem(seed, 300, 4, {1.4, 1.9});
    const DualSolution solution = SolveDual(problem);
    double least = 1e300;
    for (int i = 0; i < 120; ++i) {
      for (int j = 0; j < 120; ++j) least = std::min(least, DualValue(problem, {i * 0.01, j * 0.01}));
    }
    CHECK(solution.value <= least + 2e-3);
    for (const double excess : solution.excess) CHECK(excess < 0.03);
  }
}

TEST_CASE("a warm start does not change the solution") {
  const DualProblem problem = RandomProblem(7, 500, 3, {1.1});
  const double cold = SolveDual(problem).multipliers[0];
  for (const double start : {1e-6, 0.05, 3.0, 900.0}) {
    CHECK(SolveDual(problem, {}, {start}).multipliers[0] == Approx(cold).epsilon(1e-5));
  }
}

TEST_CASE("tightening asks for as much less use, loosening allows as much more") {
  const DualProblem problem = RandomProblem(11, 2000, 3, {1.0});
  const std::vector<double> tight{0.3}, loose{-0.3};
  CHECK(SolveDual(problem, tight).excess[0] == Approx(-0.3).margin(0.01));
  CHECK(SolveDual(problem, loose).excess[0] == Approx(0.3).margin(0.01));
}

TEST_CASE("what cannot be kept is found, with the least use that can be had") {
  const DualProblem problem = RandomProblem(5, 400, 3, {0.05});
  double least = 0;
  for (size_t i = 0; i < problem.contexts(); ++i) {
    const auto first = problem.excess[0].begin() + static_cast<std::ptrdiff_t>(3 * i);
    least += *std::min_element(first, first + 3);
  }
  CHECK(*LeastExcess(problem, 0) == Approx(least / 400));
  CHECK_FALSE(IsFeasible(problem));
  CHECK(SolveDual(problem).clamped);
}

TEST_CASE("two limits that cannot be kept together, each of which can alone") {
  const DualProblem problem = RandomProblem(9, 400, 3, {0.35, 0.35});
  CHECK_FALSE(IsFeasible(problem));
  for (size_t j = 0; j < 2; ++j) {
    DualProblem alone = problem;
    alone.excess.erase(alone.excess.begin() + static_cast<std::ptrdiff_t>(1 - j));
    CHECK(IsFeasible(alone));
  }
  const double least = *LeastExcess(problem, 0);
  REQUIRE(least > 0);
  DualProblem relaxed = problem;
  for (double& excess : relaxed.excess[0]) excess = (excess + 1) / (1 + 1.02 * least) - 1;
  CHECK(IsFeasible(relaxed));
}

TEST_CASE("options that are not eligible are never chosen") {
  DualProblem problem = RandomProblem(13, 100, 3, {0.5});
  CHECK(IsFeasible(problem));
  problem.eligible.assign(problem.objective.size(), 1);
  for (size_t i = 0; i < problem.contexts(); ++i) problem.eligible[3 * i] = 0;  // the cheapest
  CHECK(SolveDual(problem).clamped);
  CHECK_FALSE(IsFeasible(problem));
}

}  // namespace suffice
