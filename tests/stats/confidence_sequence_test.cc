// The interval holds the mean at every look, and narrows.
#include "stats/confidence_sequence.h"

#include <random>

#include "catch.h"

namespace suffice {

TEST_CASE("a confidence sequence misses the mean in at most five of a hundred runs, looked at after every step") {
  for (const double mean : {0.5, 0.9, 0.99}) {
    std::mt19937_64 random(17);
    std::bernoulli_distribution good(mean);
    int missed = 0;
    constexpr int kRuns = 400;
    for (int run = 0; run < kRuns; ++run) {
      ConfidenceSequence sequence(0.95);
      bool inside = true;
      for (int t = 0; t < 1000 && inside; ++t) {
        sequence.Add(good(random) ? 1 : 0);
        inside = sequence.Low() <= mean && mean <= sequence.High();
      }
      missed += !inside;
    }
    CHECK(missed <= kRuns * 5 / 100);
  }
}

TEST_CASE("a confidence sequence narrows, and faster where the variance is small") {
  std::mt19937_64 random(3);
  const auto width_after = [&](int n, double noise) {
    std::uniform_real_distribution<double> around(0.8 - noise, 0.8 + noise);
    ConfidenceSequence sequence;
    for (int i = 0; i < n; ++i) sequence.Add(around(random));
    return sequence.High() - sequence.Low();
  };
  CHECK(width_after(2000, 0.2) < width_after(200, 0.2));
  CHECK(width_after(2000, 0.01) < 0.5 * width_after(2000, 0.2));
  CHECK(width_after(5000, 0.2) < 0.03);
}

TEST_CASE("without observations a confidence sequence says nothing; its bytes read back") {
  ConfidenceSequence sequence(0.9);
  CHECK(sequence.Low() == 0);
  CHECK(sequence.High() == 1);
  for (const double x : {0.0, 1.0, 0.5}) sequence.Add(x);
  std::string bytes;
  sequence.AppendTo(bytes);
  std::string_view rest = bytes;
  const auto read = ConfidenceSequence::Read(rest);
  REQUIRE(read.ok());
  CHECK(*read == sequence);
  CHECK(rest.empty());
  std::string_view cut = std::string_view(bytes).substr(0, bytes.size() - 1);
  CHECK_FALSE(ConfidenceSequence::Read(cut).ok());
}

}  // namespace suffice
