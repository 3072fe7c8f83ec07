#include "evaluation/choice_mix.h"

#include <cmath>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

// Some contexts and options with `limits` limits; by chance feasible.
DualProblem RandomProblem(uint64_t seed, size_t contexts, int options, size_t limits) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1), excess(-1, 0.8);
  DualProblem problem{.options = options};
  problem.excess.resize(limits);
  for (size_t at = 0; at < contexts * static_cast<size_t>(options); ++at) {
    problem.objective.push_back(unit(random));
    for (auto& values : problem.excess) values.push_back(excess(random));
  }
  return problem;
}

// The best mean objective of any pair of deterministic choices mixed so that the one limit is kept: with one limit, that
// is the optimum of the linear programme.
double BruteForceOneLimit(const DualProblem& problem) {
  const size_t n = problem.contexts(), k = static_cast<size_t>(problem.options);
  std::vector<std::pair<double, double>> choices;  // objective, excess
  size_t count = 1;
  for (size_t i = 0; i < n; ++i) count *= k;
  for (size_t code = 0; code < count; ++code) {
    double objective = 0, excess = 0;
    for (size_t i = 0, rest = code; i < n; ++i, rest /= k) {
      objective += problem.objective[i * k + rest % k] / static_cast<double>(n);
      excess += problem.excess[0][i * k + rest % k] / static_cast<double>(n);
    }
    choices.emplace_back(objective, excess);
  }
  double best = -INFINITY;
  for (const auto& [objective, excess] : choices) {
    if (excess <= 0) best = std::max(best, objective);
    for (const auto& [other, other_excess] : choices) {
      if (excess > 0 || other_excess <= 0) continue;
      const double part = -excess / (other_excess - excess);
      best = std::max(best, objective + part * (other - objective));
    }
  }
  return best;
}

TEST_CASE("A mix for one limit is the optimum of all deterministic choices and their mixtures") {
  int feasible = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const DualProblem problem = RandomProblem(seed, 5, 3, 1);
    const ChoiceMix mix = SolveChoiceMix(problem);
    const double expected = BruteForceOneLimit(problem);
    CHECK(mix.feasible == std::isfinite(expected));
    if (!mix.feasible) continue;
    ++feasible;
    CHECK(mix.objective == Approx(expected).margin(1e-8));
    CHECK(mix.excess[0] <= 1e-8);
    CHECK(mix.parts.size() <= 2);
  }
  CHECK(feasible > 10);
}

TEST_CASE("With several limits the mix meets its own bound, keeps every limit, and its shares sum to 1") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const DualProblem problem = RandomProblem(seed, 400, 4, 3);
    const ChoiceMix mix = SolveChoiceMix(problem);
    REQUIRE(mix.feasible);
    CHECK(mix.gap < 1e-6);
    CHECK(mix.objective <= SolveDual(problem).value + 1e-9);
    double shares = 0;
    for (const ChoiceMix::Part& part : mix.parts) shares += part.weight;
    CHECK(shares == Approx(1).margin(1e-9));
    for (size_t j = 0; j < 3; ++j) {
      CHECK(mix.excess[j] <= 1e-7);
      // Complementary slackness.
      if (mix.multipliers[j] > 1e-6) CHECK(mix.excess[j] == Approx(0).margin(1e-7));
    }
  }
}

TEST_CASE("A multiplier is the gain of loosening its limit") {
  DualProblem problem = RandomProblem(3, 300, 3, 2);
  for (double& value : problem.excess[0]) value += 0.45;  // so that it binds
  const ChoiceMix mix = SolveChoiceMix(problem);
  REQUIRE(mix.feasible);
  REQUIRE(mix.multipliers[0] > 1e-3);
  constexpr double kStep = 1e-5;
  DualProblem looser = problem;
  for (double& value : looser.excess[0]) value -= kStep;
  const double gain = (SolveChoiceMix(looser).objective - mix.objective) / kStep;
  CHECK(gain == Approx(mix.multipliers[0]).epsilon(1e-3));
}

TEST_CASE("What cannot be kept is said, and the least excess is exact") {
  DualProblem problem = RandomProblem(5, 50, 3, 2);
  for (double& value : problem.excess[1]) value += 2;  // even the least is above 0
  CHECK_FALSE(SolveChoiceMix(problem).feasible);
  const std::optional<double> least = ExactLeastExcess(problem, 1);
  REQUIRE(least.has_value());
  CHECK(*least > 0);
  CHECK_FALSE(ExactLeastExcess(problem, 0).has_value());
  // Loosened by that much it can be kept, by a little less it cannot.
  for (const auto& [part, feasible] : {std::pair{1.0001, true}, std::pair{0.999, false}}) {
    DualProblem moved = problem;
    for (double& value : moved.excess[1]) value -= *least * part;
    CHECK(SolveChoiceMix(moved).feasible == feasible);
  }
}

TEST_CASE("Options that are not eligible are never chosen, and no limits mean the best of each") {
  DualProblem problem{.options = 2, .objective = {0.9, 0.5, 0.8, 0.6}, .eligible = {0, 1, 1, 1}};
  const ChoiceMix mix = SolveChoiceMix(problem);
  CHECK(mix.feasible);
  REQUIRE(mix.parts.size() == 1);
  CHECK(mix.parts[0].choice == Choice{1, 0});
  CHECK(mix.objective == Approx(0.65));
}

}  // namespace
}  // namespace suffice
