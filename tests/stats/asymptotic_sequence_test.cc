#include "stats/asymptotic_sequence.h"

#include <cmath>
#include <random>

#include "catch.h"

namespace suffice {

TEST_CASE("an asymptotic sequence misses the mean in at most five of a hundred runs, looked at every step from 100") {
  // One bounded, one with a long tail.
  for (const bool skewed : {false, true}) {
    std::mt19937_64 random(23);
    std::bernoulli_distribution coin(0.8);
    std::exponential_distribution<double> tail(1.25);
    int missed = 0, missed_below = 0;
    constexpr int kRuns = 400, kSteps = 3000;
    for (int run = 0; run < kRuns; ++run) {
      AsymptoticSequence sequence(0.95, 1000);
      double squares = 0;
      bool inside = true, above = true;
      for (int t = 1; t <= kSteps; ++t) {
        const double x = skewed ? tail(random) : coin(random);
        sequence.Add(x);
        squares += x * x;
        if (t < 100) continue;
        inside = inside && sequence.Low() <= 0.8 && 0.8 <= sequence.High();
        const double sd = std::sqrt(squares / t - sequence.Mean() * sequence.Mean());
        above = above && sequence.Mean() - SequenceOneSided(t, sd, 0.95, 1000) <= 0.8;
      }
      missed += !inside;
      missed_below += !above;
    }
    CAPTURE(skewed);
    CHECK(missed <= kRuns * 5 / 100);
    CHECK(missed_below <= kRuns * 5 / 100 + 2 * std::sqrt(kRuns * 0.05 * 0.95));  // two standard errors of the count
  }
}

TEST_CASE("an asymptotic sequence is tightest where it was meant to be, and one side is closer than two") {
  const auto half = [](double n, double intended) { return SequenceHalfWidth(n, 1, 0.95, intended); };
  for (const double n : {100.0, 1000.0, 10000.0}) {
    CHECK(half(n, n) < half(n, n / 4));
    CHECK(half(n, n) < half(n, 4 * n));
    CHECK(half(n, 4 * n) < 1.15 * half(n, n));
    CHECK(half(n, n) > 1.96 / std::sqrt(n));
    CHECK(half(n, n) < 3.2 / std::sqrt(n));
    CHECK(SequenceOneSided(n, 1, 0.95, n) < half(n, n));
    CHECK(SequenceOneSided(n, 1, 0.95, n) > 1.645 / std::sqrt(n));
  }
  CHECK(SequenceHalfWidth(400, 3, 0.9, 100) == Approx(3 * SequenceHalfWidth(400, 1, 0.9, 100)));
  CHECK(std::isinf(SequenceHalfWidth(0, 1, 0.95, 100)));
  AsymptoticSequence sequence(0.95, 100);
  sequence.Add(1);
  CHECK(std::isinf(sequence.HalfWidth()));
}

}  // namespace suffice
