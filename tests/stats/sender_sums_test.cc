// Sums by sender: what weights make of least squares, and the bound on one sender's share.
#include "stats/sender_sums.h"

#include <numeric>
#include <random>

#include "catch.h"
#include "stats/epoch_statistics.h"

namespace suffice {
namespace {

constexpr int kD = 3;

struct Answer {
  int sender = 0;
  std::vector<float> x;
  double predicted = 0, y = 0;
  SumPlace place;
};

std::vector<Answer> Answers(int n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<double> unit;
  std::vector<Answer> answers;
  for (int i = 0; i < n; ++i) {
    answers.push_back({.sender = i % 3,
                       .x = {1, normal(random), normal(random)},
                       .predicted = unit(random),
                       .y = unit(random),
                       .place = {i / 100, i / 20}});
  }
  return answers;
}

double Sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

}  // namespace

TEST_CASE("a sender's answers count as far from the prediction as its weight says", "[stats]") {
  const std::vector<double> weights{1, 0.25, 0};
  EpochStatistics plain(kD, 50, 5), believed(kD, 50, 5);
  SenderSums senders(kD);
  for (const Answer& a : Answers(300, 1)) {
    plain.Add(a.place.first, a.place.second, a.x, 1, a.y);
    senders.Add(a.place, a.sender, a.x, 1, a.predicted, a.y - a.predicted);
    const double w = weights[static_cast<size_t>(a.sender)];
    believed.Add(a.place.first, a.place.second, a.x, 1, a.predicted + w * (a.y - a.predicted));
  }
  RidgeStatistics sums = plain.Discounted();
  const SenderSums::Change change = senders.Weighted(plain.Weights(), weights);
  sums.ChangeAnswers(change.b, change.yy);
  const RidgeStatistics expected = believed.Discounted();
  CHECK((sums.b() - expected.b()).norm() < 1e-9);
  CHECK(sums.yy() == Approx(expected.yy()));
  CHECK(sums.y_sum() == Approx(expected.y_sum()));
  CHECK(Sum(senders.Counts(plain.Weights())) == Approx(expected.n()));

  std::string bytes;
  senders.AppendTo(bytes);
  std::string_view view = bytes;
  const auto read = SenderSums::Read(view);
  REQUIRE(read.ok());
  CHECK(read->Weighted(plain.Weights(), weights).b == change.b);
  for (size_t cut = 0; cut < bytes.size(); cut += 7) {
    std::string_view part = std::string_view(bytes).substr(0, cut);
    CHECK_FALSE(SenderSums::Read(part).ok());
  }
}

TEST_CASE("what was taken back or moved to another sender leaves nothing behind", "[stats]") {
  SenderSums senders(kD);
  const std::map<SumPlace, double> all{{{0, 0}, 1.0}};
  const std::vector<float> x{1, 2, 3};
  senders.Add({0, 0}, 1, x, 1, 0.5, 0.25);
  senders.Add({0, 0}, 2, x, 0.5, 0.5, 0.5);
  senders.Add({0, 0}, 2, x, -0.5, 0.5, 0.5);
  CHECK(senders.Weighted(all, std::vector<double>{1, 1, 0}).b.norm() == 0);
  senders.Move(1, 0);
  CHECK(senders.Weighted(all, std::vector<double>{1, 0, 1}).b.norm() == 0);
  CHECK(senders.Weighted(all, std::vector<double>{0, 1, 1}).b[0] == -0.25);
  senders.Keep({});
  CHECK(senders.places() == 0);
}

TEST_CASE("no sender counts for more than its share of what is believed", "[stats]") {
  const auto shares = [](const std::vector<double>& counts, const std::vector<double>& weights) {
    std::vector<double> parts;
    for (size_t s = 0; s < counts.size(); ++s) parts.push_back(weights[s] * counts[s]);
    const double total = Sum(parts);
    for (double& part : parts) part /= total;
    return parts;
  };
  const std::vector<double> three{0, 9000, 400, 300, 300};
  const std::vector<double> bounded = BoundShares(three, {}, 0.4, 0);
  CHECK(shares(three, bounded)[1] == Approx(0.4));
  CHECK(bounded[2] == 1);
  // Two above the bound.
  const std::vector<double> two{0, 5000, 9000, 100, 100};
  for (const size_t s : {1, 2}) CHECK(shares(two, BoundShares(two, {}, 0.3, 0))[s] == Approx(0.3));
  // Too few senders for the bound: the same for each.
  const std::vector<double> pair{0, 900, 100};
  CHECK(shares(pair, BoundShares(pair, {}, 0.2, 0))[1] == Approx(0.5));
  // What every sender may have whatever the others told.
  CHECK(BoundShares(pair, {}, 0.2, 200)[1] == Approx(200.0 / 900));
  // One sender alone, the many that are not told apart, and no bound.
  CHECK(BoundShares(std::vector<double>{0, 900}, {}, 0.2, 0)[1] == 1);
  CHECK(BoundShares(std::vector<double>{900, 100}, {}, 0.2, 0) == std::vector<double>{1, 1});
  CHECK(BoundShares(three, {1, 0.5}, 1, 0) == std::vector<double>{1, 0.5});
  // A weight that was given bounds already.
  CHECK(BoundShares(three, {1, 0.01}, 0.4, 0)[1] == 0.01);
}

}  // namespace suffice
