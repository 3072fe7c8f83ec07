// From choices to a report, on rows small enough to reckon by hand.
#include "evaluation/tally.h"

#include <algorithm>
#include <numeric>

#include "catch.h"

namespace suffice {
namespace {

// Four rows: the small tier suffices for the even ones. Costs 1 and 3.
Traffic FourRows() {
  Traffic traffic{.tier_names = {"small", "large"}};
  for (int i = 0; i < 4; ++i) {
    const double small = i % 2 == 0 ? 1.0 : 0.0;
    traffic.rows.push_back({.id = std::to_string(i),
                            .prompt = "p",
                            .tiers = {{.quality = small, .cost_usd = 1.0}, {.quality = 1.0, .cost_usd = 3.0}}});
  }
  return traffic;
}

Config TwoTiers() {
  Config config;
  config.name = "two";
  config.tiers = {{.name = "small"}, {.name = "large"}};
  config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 0.1};
  return config;
}

ReplayPass Pass(uint64_t seed, const std::vector<ReplayStep>& steps) {
  ReplayPass pass{.seed = seed, .steps = steps, .decide_us = {}, .propensities = PropensityCheck(2)};
  for (size_t i = 0; i < steps.size(); ++i) {
    pass.decide_us.push_back(static_cast<float>(10 * (i + 1)));
    pass.propensities.Add({0.5, 0.5}, static_cast<size_t>(steps[i].tier));
  }
  return pass;
}

}  // namespace

TEST_CASE("a pass that is always right is the optimum, in whatever order its rows came") {
  const ReplayReport report = Tally(TwoTiers(), FourRows(), {Pass(7, {{3, 1}, {0, 0}, {1, 1}, {2, 0}})});
  CHECK(report.decisions == 4);
  CHECK(report.seeds == 1);
  CHECK(report.config_name == "two");
  CHECK(report.quality_mean == Approx(1));
  CHECK(report.cost_mean_usd == Approx(2));
  CHECK(report.tier_share == std::vector<double>{0.5, 0.5});
  CHECK(report.best_mix_same_cost == Approx(0.75));  // half way between (1, 0.5) and (3, 1)
  CHECK(report.optimum_same_cost == Approx(1));
  REQUIRE(report.gap_closed);
  CHECK(*report.gap_closed == Approx(1));
  REQUIRE(report.regret);
  CHECK(*report.regret == Approx(0).margin(1e-12));
  CHECK(report.quality_sd == 0);
  CHECK(report.decide_us_p50 == 20);
  REQUIRE(report.propensity_check);
  CHECK(report.propensity_check->decisions == 4);

  REQUIRE(report.learning_curve.size() == 4);  // a window for each of so few decisions
  CHECK(report.learning_curve[0].cost_usd == Approx(3));
  CHECK(report.learning_curve[1].tier_share == std::vector<double>{1, 0});
  CHECK(report.learning_curve[3].decisions == 4);
}

TEST_CASE("several passes are averaged, and each is told") {
  const ReplayReport report = Tally(
      TwoTiers(), FourRows(), {Pass(1, {{0, 0}, {1, 0}, {2, 0}, {3, 0}}), Pass(2, {{0, 1}, {1, 1}, {2, 1}, {3, 1}})});
  CHECK(report.seeds == 2);
  REQUIRE(report.per_seed.size() == 2);
  CHECK(report.per_seed[0].seed == 1);
  CHECK(report.per_seed[0].quality == Approx(0.5));
  CHECK(report.per_seed[1].cost_usd == Approx(3));
  CHECK(report.quality_mean == Approx(0.75));
  CHECK(report.quality_sd == Approx(std::sqrt(0.125)));
  // The best is 0.9 for two rows and 0.7 for two; on average the passes got 0.4 and 0.7.
  REQUIRE(report.regret);
  CHECK(*report.regret == Approx(4 * (0.8 - 0.55)));
}

TEST_CASE("an order has every row once, is the same for the same seed, and another for another") {
  std::vector<int> order = ShuffledRows(100, 1);
  CHECK(order == ShuffledRows(100, 1));
  CHECK(order != ShuffledRows(100, 2));
  std::sort(order.begin(), order.end());
  std::vector<int> all(100);
  std::iota(all.begin(), all.end(), 0);
  CHECK(order == all);
  CHECK(ShuffledRows(0, 1).empty());
}

}  // namespace suffice
