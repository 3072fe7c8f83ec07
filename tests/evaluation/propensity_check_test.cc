#include "evaluation/propensity_check.h"

#include <cmath>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

size_t Draw(const std::vector<double>& p, double u) {
  for (size_t k = 0; k < p.size(); ++k) {
    if (u < p[k]) return k;
    u -= p[k];
  }
  return p.size() - 1;
}

std::vector<double> RandomVector(std::mt19937_64& random, size_t tiers) {
  std::uniform_real_distribution<double> uniform;
  std::vector<double> p(tiers);
  double sum = 0;
  for (double& x : p) sum += x = -std::log(1 - uniform(random));
  for (double& x : p) x /= sum;
  return p;
}

TEST_CASE("Known values of the statistic and its p-value") {
  // 60 of 100 fair coin tosses: (10^2 / 50) * 2 = 4, P(chi2_1 >= 4) = 0.0455.
  PropensityCheck check(2);
  for (int i = 0; i < 100; ++i) check.Add({0.5, 0.5}, i < 60 ? 0 : 1);
  const auto result = check.Evaluate();
  CHECK(result.decisions == 100);
  CHECK(result.degrees_of_freedom == 1);
  CHECK(result.statistic == Approx(4));
  CHECK(result.p_value == Approx(0.045500263896));
  CHECK(result.largest_sum_error < 1e-12);
}

TEST_CASE("p-values of a right sampler are uniform; where vectors differ, its degrees of freedom are the tiers") {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform;
  int below_half = 0, below_hundredth = 0;
  constexpr int kTrials = 400;
  for (int trial = 0; trial < kTrials; ++trial) {
    PropensityCheck check(4);
    for (int i = 0; i < 500; ++i) {
      const auto p = RandomVector(random, 4);
      check.Add(p, Draw(p, uniform(random)));
    }
    const auto result = check.Evaluate();
    REQUIRE(result.degrees_of_freedom == 4);
    below_half += result.p_value < 0.5;
    below_hundredth += result.p_value < 0.01;
  }
  CHECK(below_half > kTrials / 2 - 50);  // 5 standard deviations
  CHECK(below_half < kTrials / 2 + 50);
  CHECK(below_hundredth < 15);
}

TEST_CASE("Samplers that do something else than they log are caught") {
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> uniform;
  PropensityCheck forced(3), other_vector(3), honest(3);
  for (int i = 0; i < 100000; ++i) {
    const auto p = RandomVector(random, 3);
    const size_t k = Draw(p, uniform(random));
    honest.Add(p, k);
    forced.Add(p, uniform(random) < 0.03 ? 0 : k);                        // 3% of draws forced to the first tier
    other_vector.Add(p, Draw(RandomVector(random, 3), uniform(random)));  // right in total, wrong in each
  }
  CHECK(honest.Evaluate().p_value > 0.001);
  CHECK(forced.Evaluate().p_value < 0.001);
  CHECK(other_vector.Evaluate().p_value < 0.001);
}

TEST_CASE("Deterministic decisions carry no information; drawing what cannot be drawn is certain failure") {
  PropensityCheck check(3);
  for (int i = 0; i < 50; ++i) check.Add({0, 1, 0}, 1);
  CHECK(check.Evaluate().degrees_of_freedom == 0);
  CHECK(check.Evaluate().p_value == 1);
  check.Add({0, 1, 0}, 2);
  CHECK(check.Evaluate().p_value == 0);
}

TEST_CASE("A tier that is hardly ever drawn does not make a false alarm alone") {
  PropensityCheck check(3);
  for (int i = 0; i < 1000; ++i) check.Add({0.5, 0.4999, 0.0001}, i == 0 ? 2 : static_cast<size_t>(i % 2));
  CHECK(check.Evaluate().degrees_of_freedom == 1);
  CHECK(check.Evaluate().p_value > 0.5);
  // Two rare ones that together are frequent enough are tested as one.
  PropensityCheck pair(4);
  for (int i = 0; i < 1000; ++i) pair.Add({0.5, 0.492, 0.004, 0.004}, static_cast<size_t>(i % 2));
  CHECK(pair.Evaluate().degrees_of_freedom == 2);
  CHECK(pair.Evaluate().p_value < 0.05);
}

TEST_CASE("Merging equals having seen both; sums that are not 1 are measured") {
  PropensityCheck a(2), b(2), both(2);
  for (int i = 0; i < 60; ++i) {
    a.Add({0.3, 0.7}, i % 4 == 0);
    both.Add({0.3, 0.7}, i % 4 == 0);
    b.Add({0.6, 0.4 + 1e-6}, i % 3 == 0);
    both.Add({0.6, 0.4 + 1e-6}, i % 3 == 0);
  }
  a.Merge(b);
  CHECK(a.Evaluate().statistic == Approx(both.Evaluate().statistic));
  CHECK(a.Evaluate().decisions == 120);
  CHECK(a.Evaluate().largest_sum_error == Approx(1e-6));
}

}  // namespace
}  // namespace suffice
