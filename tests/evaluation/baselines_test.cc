#include "evaluation/baselines.h"

#include <algorithm>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

QualityCostTable RandomTable(std::mt19937_64& random, size_t rows, size_t tiers) {
  std::uniform_real_distribution<double> uniform;
  QualityCostTable table(rows, std::vector<QualityCost>(tiers));
  for (auto& row : table) {
    for (size_t k = 0; k < tiers; ++k) row[k] = {uniform(random), (static_cast<double>(k) + uniform(random)) * 1e-3};
  }
  return table;
}

// Value of the linear programme by trying everything: at an optimum at most one row is split, between two of its tiers.
double BruteForceOptimum(const QualityCostTable& table, double budget) {
  const size_t n = table.size(), tiers = table.front().size();
  size_t plans = 1;
  for (size_t i = 0; i < n; ++i) plans *= tiers;
  double best = -1;
  for (size_t plan = 0; plan < plans; ++plan) {
    double quality = 0, cost = 0;
    std::vector<size_t> chosen(n);
    for (size_t i = 0, rest = plan; i < n; ++i, rest /= tiers) {
      chosen[i] = rest % tiers;
      quality += table[i][chosen[i]].quality;
      cost += table[i][chosen[i]].cost_usd;
    }
    const double room = budget * static_cast<double>(n) - cost;
    if (room < -1e-15) continue;
    best = std::max(best, quality);
    for (size_t i = 0; i < n; ++i) {
      for (size_t k = 0; k < tiers; ++k) {
        const double more = table[i][k].cost_usd - table[i][chosen[i]].cost_usd;
        const double gain = table[i][k].quality - table[i][chosen[i]].quality;
        const double share = more > 0 ? std::min(1.0, room / more) : 1.0;
        best = std::max(best, quality + share * gain);
      }
    }
  }
  return best / static_cast<double>(n);
}

// min over lambda of lambda * B + mean_i max_k (q - lambda c): equal to the optimum by strong duality, found by
// bisection on the cost of the maximiser.
double DualBound(const QualityCostTable& table, double budget) {
  double low = 0, high = 1e9;
  const auto dual = [&](double lambda) { return lambda * budget + BestWeightedObjective(table, lambda); };
  for (int i = 0; i < 300; ++i) {
    const double a = low + (high - low) / 3, b = high - (high - low) / 3;
    (dual(a) <= dual(b) ? high : low) = dual(a) <= dual(b) ? b : a;
  }
  return dual((low + high) / 2);
}

TEST_CASE("The optimum equals brute force on small tables") {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 30; ++trial) {
    const auto table = RandomTable(random, 5, 3);
    const Baselines baselines = MakeBaselines(table);
    const double cheapest = baselines.optimum.points().front().cost_usd;
    for (const double budget : {cheapest, cheapest + 1e-4, cheapest + 5e-4, 1.3e-3, 2e-3, 4e-3}) {
      CHECK(baselines.optimum.At(budget) == Approx(BruteForceOptimum(table, budget)).epsilon(1e-9));
    }
  }
}

TEST_CASE("The optimum equals its dual on a large table") {
  std::mt19937_64 random(2);
  const auto table = RandomTable(random, 2000, 4);
  const Baselines baselines = MakeBaselines(table);
  for (const double budget : {6e-4, 8e-4, 1.1e-3, 1.6e-3, 2.4e-3}) {
    REQUIRE(budget > baselines.optimum.points().front().cost_usd);
    CHECK(baselines.optimum.At(budget) == Approx(DualBound(table, budget)).epsilon(1e-6));
  }
}

TEST_CASE("Curves are concave and never fall, and the optimum is nowhere below the best mix or any tier") {
  std::mt19937_64 random(3);
  const Baselines baselines = MakeBaselines(RandomTable(random, 300, 4));
  double before_mix = 0, before_optimum = 0;
  for (double cost = 0; cost < 5e-3; cost += 1e-5) {
    const double mix = baselines.best_mix.At(cost), optimum = baselines.optimum.At(cost);
    CHECK(mix >= before_mix);
    CHECK(optimum >= before_optimum);
    if (cost >= baselines.best_mix.points().front().cost_usd) {
      CHECK(optimum >= mix - 1e-12);
      CHECK(mix >= baselines.RandomMixAt(cost) - 1e-12);
    }
    before_mix = mix;
    before_optimum = optimum;
  }
  for (const QualityCost& tier : baselines.always) {
    CHECK(baselines.best_mix.At(tier.cost_usd) >= tier.quality - 1e-12);
    CHECK(baselines.optimum.At(tier.cost_usd) >= tier.quality - 1e-12);
  }
  const auto& points = baselines.optimum.points();
  double slope = 1e300;
  for (size_t i = 1; i < points.size(); ++i) {
    const double next = (points[i].quality - points[i - 1].quality) / (points[i].cost_usd - points[i - 1].cost_usd);
    CHECK(next <= slope * (1 + 1e-6));
    slope = next;
  }
}

TEST_CASE("The best mix is the upper hull of the tiers' means") {
  // The middle tier lies under the line from cheap to dear; the fourth is dearer and worse.
  const QualityCostTable table{{{0.5, 1}, {0.55, 2}, {0.9, 3}, {0.8, 4}}};
  const Baselines baselines = MakeBaselines(table);
  CHECK(baselines.best_mix.points().size() == 2);
  CHECK(baselines.best_mix.At(0.1) == 0.5);
  CHECK(baselines.best_mix.At(2) == Approx(0.7));
  CHECK(baselines.best_mix.At(100) == 0.9);
  CHECK(baselines.RandomMixAt(1) == 0.5);
  CHECK(baselines.RandomMixAt(2.5) == Approx(0.65));
  CHECK(baselines.RandomMixAt(9) == 0.8);
}

TEST_CASE("Equal costs, one tier and one row are no special cases") {
  const Baselines equal = MakeBaselines({{{0.2, 0}, {0.6, 0}}, {{0.8, 0}, {0.0, 0}}});
  CHECK(equal.best_mix.At(0) == Approx(0.5));
  CHECK(equal.RandomMixAt(0) == Approx(0.4));
  CHECK(equal.optimum.At(0) == Approx(0.7));
  const Baselines one = MakeBaselines({{{0.3, 2}}});
  CHECK(one.best_mix.At(1) == 0.3);
  CHECK(one.optimum.At(5) == 0.3);
  CHECK(one.RandomMixAt(2) == 0.3);
}

TEST_CASE("Costs come from the row, else from tokens and price, else are 0") {
  Traffic traffic;
  traffic.tier_names = {"t"};
  traffic.rows = {{"1", "", "p", {{0.5, 0.25, {}, {}, 1000, 1000}}},
                  {"2", "", "p", {{0.6, {}, {}, {}, 1000, 2000}}},
                  {"3", "", "p", {{0.7, {}, {}, {}, {}, {}}}}};
  std::vector<Tier> tiers(1);
  tiers[0].price = {1.0, 3.0};
  const auto table = MakeQualityCostTable(traffic, tiers);
  CHECK(table[0][0].cost_usd == 0.25);
  CHECK(table[1][0].cost_usd == Approx(0.007));
  CHECK(table[2][0].cost_usd == 0);
  CHECK(table[2][0].quality == 0.7);
}

TEST_CASE("The weighted objective's best is reached row by row") {
  const QualityCostTable table{{{0.5, 0.0}, {0.9, 0.1}}, {{0.5, 0.0}, {0.6, 0.1}}};
  CHECK(BestWeightedObjective(table, 2) == Approx((0.7 + 0.5) / 2));
  CHECK(BestWeightedObjective(table, 0) == Approx(0.75));
}

TEST_CASE("Gap closed is 0 at the best mix, 1 at the optimum, and nothing without a gap") {
  CHECK(GapClosed(0.6, 0.6, 0.8) == 0.0);
  CHECK(*GapClosed(0.8, 0.6, 0.8) == Approx(1));
  CHECK(*GapClosed(0.5, 0.6, 0.8) == Approx(-0.5));
  CHECK_FALSE(GapClosed(0.6, 0.6, 0.6).has_value());
}

}  // namespace
}  // namespace suffice
