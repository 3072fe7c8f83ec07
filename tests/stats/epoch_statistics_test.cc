// What stood before a change is worth `keep` observations, in whatever order it came.
#include "stats/epoch_statistics.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

constexpr int kD = 3;
constexpr double kKeep = 40;

struct Observation {
  int64_t epoch, bucket;
  std::vector<float> x;
  double y;
};

std::vector<Observation> Observations(int per_epoch, int epochs) {
  std::mt19937_64 random(3);
  std::normal_distribution<float> normal;
  std::vector<Observation> all;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (int i = 0; i < per_epoch; ++i) {
      all.push_back({epoch, (epoch * per_epoch + i) / 64, {1, normal(random), normal(random)}, 0.9 - 0.2 * epoch});
    }
  }
  return all;
}

EpochStatistics Sum(const std::vector<Observation>& all, double half_life) {
  EpochStatistics sum(kD, half_life, kKeep);
  for (const Observation& o : all) sum.Add(o.epoch, o.bucket, o.x, 1, o.y);
  return sum;
}

}  // namespace

TEST_CASE("a new epoch shrinks what stands before it, and late observations change that not at all") {
  auto all = Observations(300, 2);
  const EpochStatistics in_order = Sum(all, 0);
  CHECK(in_order.n() == Approx(kKeep + 300));
  CHECK(in_order.Discounted().n() == Approx(kKeep + 300));
  CHECK(in_order.observed() == 600);
  CHECK(in_order.Discounted().y_sum() == Approx(0.9 * kKeep + 0.7 * 300));
  std::shuffle(all.begin(), all.end(), std::mt19937_64(9));
  for (const double half_life : {0.0, 100.0}) {
    const RidgeStatistics shuffled = Sum(all, half_life).Discounted();
    const RidgeStatistics expected = Sum(Observations(300, 2), half_life).Discounted();
    CHECK((shuffled.S() - expected.S()).cwiseAbs().maxCoeff() < 1e-9);
    CHECK((shuffled.b() - expected.b()).cwiseAbs().maxCoeff() < 1e-9);
  }
}

TEST_CASE("an old epoch fades by the half-life, too") {
  const EpochStatistics sum = Sum(Observations(100, 2), 100);
  EpochStatistics newer(kD, 100, kKeep);
  for (const Observation& o : Observations(100, 2)) {
    if (o.epoch == 1) newer.Add(o.epoch, o.bucket, o.x, 1, o.y);
  }
  CHECK(sum.Discounted().n() == Approx(kKeep / 2 + newer.Discounted().n()));
}

TEST_CASE("a short epoch is not inflated, and taking back is exact") {
  EpochStatistics sum(kD, 0, kKeep);
  const auto all = Observations(10, 2);
  for (const Observation& o : all) sum.Add(o.epoch, o.bucket, o.x, 1, o.y);
  CHECK(sum.n() == Approx(20));
  for (const Observation& o : all) sum.Add(o.epoch, o.bucket, o.x, -1, o.y);
  CHECK(std::abs(sum.Discounted().n()) < 1e-12);
}

TEST_CASE("forgotten epochs stay forgotten, and the bytes read back") {
  auto all = Observations(50, 3);
  EpochStatistics sum = Sum(all, 0);
  sum.ForgetBefore(2);
  sum.Add(0, 0, all.front().x, 1, 0.5);
  CHECK(sum.observed() == 50);
  std::string bytes;
  sum.AppendTo(bytes);
  std::string_view view = bytes;
  const auto read = EpochStatistics::Read(view);
  REQUIRE(read.ok());
  CHECK(view.empty());
  CHECK(read->n() == sum.n());
  CHECK(read->Discounted().b() == sum.Discounted().b());
  for (size_t cut = 0; cut < bytes.size(); cut += 7) {
    std::string_view part = std::string_view(bytes).substr(0, cut);
    CHECK_FALSE(EpochStatistics::Read(part).ok());
  }
}

}  // namespace suffice
