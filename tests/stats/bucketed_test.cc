#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

#include "catch.h"
#include "stats/ridge.h"

namespace suffice {
namespace {

constexpr int kD = 5;

struct Event {
  int64_t bucket;
  std::vector<float> x;
  double weight, y;
};

// `per_bucket` observations in each of `buckets` buckets.
std::vector<Event> MakeEvents(int buckets, int per_bucket, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<Event> events;
  for (int bucket = 0; bucket < buckets; ++bucket) {
    for (int i = 0; i < per_bucket; ++i) {
      Event event{bucket, {1}, 1, static_cast<double>(normal(random))};
      for (int j = 1; j < kD; ++j) event.x.push_back(normal(random));
      events.push_back(std::move(event));
    }
  }
  return events;
}

BucketedStatistics Fold(const std::vector<Event>& events, double half_life) {
  BucketedStatistics statistics(kD, half_life);
  for (const Event& event : events) statistics.Add(event.bucket, event.x, event.weight, event.y);
  return statistics;
}

double Difference(const RidgeStatistics& a, const RidgeStatistics& b) {
  return (a.S() - b.S()).cwiseAbs().maxCoeff() + (a.b() - b.b()).cwiseAbs().maxCoeff() + std::abs(a.n() - b.n()) +
         std::abs(a.yy() - b.yy()) + std::abs(a.y_sum() - b.y_sum());
}

}  // namespace

TEST_CASE("a bucket counts half after half_life observations in newer buckets") {
  BucketedStatistics statistics(1, 10);
  const std::vector<float> x{1};
  for (int i = 0; i < 4; ++i) statistics.Add(0, x, 1, 1);
  for (int i = 0; i < 10; ++i) statistics.Add(1, x, 1, 0);
  for (int i = 0; i < 10; ++i) statistics.Add(7, x, 1, 0);
  const RidgeStatistics sum = statistics.Discounted();
  CHECK(sum.b()[0] == Approx(4 * 0.25));
  CHECK(sum.n() == Approx(4 * 0.25 + 10 * 0.5 + 10));
  CHECK(statistics.n() == 24);
}

TEST_CASE("at every moment the discounted sum is its definition") {
  constexpr double kHalfLife = 40;
  std::vector<Event> events = MakeEvents(90, 15, 8);
  // Mostly in order, as feedback comes: up to 100 places late, and now and then very late.
  std::mt19937 random(9);
  for (size_t i = 0; i < events.size(); ++i) {
    const size_t late = random() % 20 == 0 ? 700 : random() % 100;
    std::swap(events[i], events[std::min(i + late, events.size() - 1)]);
  }
  BucketedStatistics statistics(kD, kHalfLife);
  std::map<int64_t, RidgeStatistics> plain;
  int dropped = 0;
  for (const Event& event : events) {
    statistics.Add(event.bucket, event.x, event.weight, event.y);
    plain.try_emplace(event.bucket, kD).first->second.Add(event.x, event.weight, event.y);
    RidgeStatistics expected(kD);
    double newer = 0;
    for (auto it = plain.rbegin(); it != plain.rend(); ++it) {
      if (newer <= 12 * kHalfLife) expected.AddScaled(it->second, std::exp2(-newer / kHalfLife));
      dropped += newer > 12 * kHalfLife;
      newer += it->second.n();
    }
    REQUIRE(Difference(statistics.Discounted(), expected) < 1e-10);
  }
  CHECK(dropped > 0);
}

TEST_CASE("nothing is forgotten at half-life 0") {
  const std::vector<Event> events = MakeEvents(100, 20, 1);
  RidgeStatistics plain(kD);
  for (const Event& event : events) plain.Add(event.x, 1, event.y);
  const BucketedStatistics statistics = Fold(events, 0);
  CHECK(Difference(statistics.Discounted(), plain) < 1e-9);
  CHECK(statistics.buckets() == 1);
}

TEST_CASE("the order of arrival does not matter, nor do duplicates that are taken back") {
  for (double half_life : {3.0, 20.0, 500.0}) {
    // 1,200 observations: at half-lives 3 and 20 most buckets no longer count.
    std::vector<Event> events = MakeEvents(60, 20, 2);
    const BucketedStatistics in_order = Fold(events, half_life);
    const RidgeStatistics expected = in_order.Discounted();
    std::mt19937 random(3);
    for (int round = 0; round < 20; ++round) {
      std::shuffle(events.begin(), events.end(), random);
      BucketedStatistics statistics(kD, half_life);
      for (const Event& event : events) {
        statistics.Add(event.bucket, event.x, 1, event.y);
        if (random() % 3 != 0) continue;
        statistics.Add(event.bucket, event.x, 1, event.y);
        statistics.Add(event.bucket, event.x, -1, event.y);
      }
      CHECK(Difference(statistics.Discounted(), expected) < 1e-9);
      CHECK(statistics.n() == Approx(in_order.n()));
    }
  }
}

TEST_CASE("taking back a run of newer observations brings an older bucket back") {
  // One half-life of duplicates may stand for a while without losing what is older.
  BucketedStatistics statistics(1, 10), expected(1, 10);
  const std::vector<float> x{1};
  const auto fill = [&](BucketedStatistics& to) {
    to.Add(0, x, 1, 1);
    for (int i = 0; i < 115; ++i) to.Add(1 + i / 5, x, 1, 0);
  };
  fill(statistics);
  fill(expected);
  for (int i = 0; i < 10; ++i) statistics.Add(40, x, 1, 0);
  CHECK(statistics.Discounted().y_sum() == 0);
  for (int i = 0; i < 10; ++i) statistics.Add(40, x, -1, 0);
  CHECK(statistics.Discounted().y_sum() == Approx(expected.Discounted().y_sum()));
  CHECK(expected.Discounted().y_sum() == Approx(std::exp2(-11.5)));
}

TEST_CASE("what comes late for a forgotten bucket is ignored") {
  BucketedStatistics statistics = Fold(MakeEvents(100, 20, 4), 10);
  const RidgeStatistics before = statistics.Discounted();
  const int buckets = statistics.buckets();
  CHECK(buckets < 15);
  const std::vector<float> x(kD, 1.0f);
  for (int i = 0; i < 500; ++i) statistics.Add(i % 50, x, 1, 1);
  CHECK(Difference(statistics.Discounted(), before) == 0);
  CHECK(statistics.buckets() == buckets);
}

TEST_CASE("bucketed statistics survive their encoding and go on the same") {
  const std::vector<Event> events = MakeEvents(80, 20, 5);
  BucketedStatistics statistics = Fold({events.begin(), events.begin() + 900}, 10);
  std::string bytes;
  statistics.AppendTo(bytes);
  std::string_view view = bytes;
  auto read = BucketedStatistics::Read(view);
  REQUIRE(read.ok());
  CHECK(view.empty());
  for (size_t i = 900; i < events.size(); ++i) {
    statistics.Add(events[i].bucket, events[i].x, 1, events[i].y);
    read->Add(events[i].bucket, events[i].x, 1, events[i].y);
  }
  read->Add(3, events[0].x, 1, 100);  // long forgotten, and stays so
  CHECK(Difference(read->Discounted(), statistics.Discounted()) < 1e-12);
  CHECK(read->dimensions() == kD);
}

TEST_CASE("damaged bucketed statistics are refused") {
  std::string bytes;
  Fold(MakeEvents(2, 3, 6), 10).AppendTo(bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    std::string_view cut(bytes.data(), length);
    CHECK_FALSE(BucketedStatistics::Read(cut).ok());
  }
}

}  // namespace suffice
