// Changes are noticed, and noise is not.
#include "stats/cusum.h"

#include <random>

#include "catch.h"

namespace suffice {
namespace {

constexpr double kSlack = 0.5, kAlarm = 16;  // the defaults of DriftConfig

// Alarms in `n` residuals of deviation 1 about `mean`; `first` gets the number of the first.
int Alarms(uint64_t seed, double mean, int n, int* first = nullptr, Shift* shift = nullptr) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(mean, 1);
  Cusum cusum;
  int alarms = 0;
  for (int i = 0; i < n; ++i) {
    const Shift seen = cusum.Add(noise(random), kSlack, kAlarm);
    if (seen == Shift::kNone) continue;
    if (alarms++ == 0) {
      if (first != nullptr) *first = i;
      if (shift != nullptr) *shift = seen;
    }
  }
  return alarms;
}

}  // namespace

TEST_CASE("residuals about zero raise at most 0.2 alarms in 3,600") {
  constexpr int kRuns = 200;
  int alarms = 0;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) alarms += Alarms(seed, 0, 3600);
  CHECK(alarms <= 0.2 * kRuns);
}

TEST_CASE("a drop and a rise of one deviation are told apart, within a few dozen residuals") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    int first = -1;
    Shift shift = Shift::kNone;
    REQUIRE(Alarms(seed, -1, 100, &first, &shift) > 0);
    CHECK(shift == Shift::kDrop);
    CHECK(first < 80);
    REQUIRE(Alarms(seed, 1, 100, &first, &shift) > 0);
    CHECK(shift == Shift::kRise);
  }
}

TEST_CASE("an outlier counts as three deviations, and an alarm starts over") {
  Cusum cusum;
  CHECK(cusum.Add(-1000, kSlack, kAlarm) == Shift::kNone);
  CHECK(cusum.drop() == Approx(3 - kSlack));
  CHECK(cusum.rise() == 0);
  for (int i = 0; i < 5; ++i) REQUIRE(cusum.Add(-1000, kSlack, kAlarm) == Shift::kNone);
  CHECK(cusum.Add(-1000, kSlack, kAlarm) == Shift::kDrop);
  CHECK(cusum == Cusum());
}

TEST_CASE("a cusum reads back as it was, and nothing else is read") {
  Cusum cusum;
  cusum.Add(-1.5, kSlack, kAlarm);
  std::string bytes;
  cusum.AppendTo(bytes);
  std::string_view view = bytes;
  const auto read = Cusum::Read(view);
  REQUIRE(read.ok());
  CHECK(*read == cusum);
  CHECK(view.empty());
  std::string_view cut = std::string_view(bytes).substr(1);
  CHECK_FALSE(Cusum::Read(cut).ok());
}

}  // namespace suffice
