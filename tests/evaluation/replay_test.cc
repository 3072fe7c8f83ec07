// Replays of example traffic through the real decision, log and learner.
#include "evaluation/replay.h"

#include <algorithm>

#include "catch.h"
#include "evaluation/baselines.h"
#include "evaluation/example_traffic.h"
#include "suffice/status.h"

namespace suffice {
namespace {

ReplayOptions OnExamples(PolicyKind kind, int64_t rows) {
  ReplayOptions options;
  options.config.tiers = ExampleTiers();
  options.config.policy.kind = kind;
  options.config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 60};
  options.config.features.fit_after_prompts = 0;
  options.traffic = ExampleTraffic(1, rows);
  return options;
}

// The small and the large tier alone.
Traffic SmallAndLarge(Traffic traffic) {
  traffic.tier_names.erase(traffic.tier_names.begin() + 1);
  for (TrafficRow& row : traffic.rows) row.tiers.erase(row.tiers.begin() + 1);
  return traffic;
}

ReplayOptions OnTwoTiers(int64_t rows) {
  ReplayOptions options = OnExamples(PolicyKind::kThompson, 0);
  options.config.tiers.erase(options.config.tiers.begin() + 1);
  options.traffic = SmallAndLarge(ExampleTraffic(1, rows));
  return options;
}

ReplayReport MustReplay(const ReplayOptions& options) {
  auto report = Replay(options);
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  return *std::move(report);
}

// Without what depends on the machine.
std::string Essence(ReplayReport report) {
  report.decide_us_p50 = report.decide_us_p99 = 0;
  return ToJson(report);
}

std::string FieldOfError(const ReplayOptions& options) { return FieldOf(Replay(options).status()).value_or("none"); }

}  // namespace

TEST_CASE("a replay depends on its seeds alone, not on the number of threads") {
  ReplayOptions options = OnExamples(PolicyKind::kThompson, 400);
  options.seeds = 3;
  options.threads = 1;
  options.feedback_delay = 20;
  options.feedback_rate = 0.7;
  const std::string once = Essence(MustReplay(options));
  options.threads = 3;
  CHECK(Essence(MustReplay(options)) == once);
  options.seed = 2;
  const ReplayReport other = MustReplay(options);
  CHECK(Essence(other) != once);
  CHECK(other.per_seed[0].quality != other.per_seed[1].quality);
}

TEST_CASE("fixed is always its tier; random and weighted are their mixes") {
  ReplayOptions options = OnExamples(PolicyKind::kFixed, 1200);
  options.config.policy.fixed_tier = "medium";
  const ReplayReport fixed = MustReplay(options);
  CHECK(fixed.quality_mean == Approx(fixed.always[1].quality).epsilon(1e-12));
  CHECK(fixed.cost_mean_usd == Approx(fixed.always[1].cost_usd).epsilon(1e-12));
  CHECK(fixed.tier_share == std::vector<double>{0, 1, 0});
  CHECK(fixed.quality_sd == Approx(0).margin(1e-12));

  options.config.policy.kind = PolicyKind::kRandom;
  options.seeds = 4;
  const ReplayReport random = MustReplay(options);
  options.config.policy.kind = PolicyKind::kWeighted;
  options.config.policy.weights = {{"small", 3}, {"large", 1}};
  const ReplayReport weighted = MustReplay(options);
  // 4,800 draws: a share's standard error is at most 0.007, a mean quality's about 0.004.
  const auto quality = [&](double s, double m, double l) {
    return s * fixed.always[0].quality + m * fixed.always[1].quality + l * fixed.always[2].quality;
  };
  for (const double share : random.tier_share) CHECK(share == Approx(1.0 / 3).margin(0.035));
  CHECK(random.quality_mean == Approx(quality(1.0 / 3, 1.0 / 3, 1.0 / 3)).margin(0.02));
  CHECK(weighted.tier_share[0] == Approx(0.75).margin(0.035));
  CHECK(weighted.tier_share[1] == 0);
  CHECK(weighted.quality_mean == Approx(quality(0.75, 0, 0.25)).margin(0.02));
  CHECK(random.propensity_check->p_value > 0.001);
  CHECK(weighted.propensity_check->p_value > 0.001);
}

TEST_CASE("rows of one conversation keep its tier while it lasts") {
  ReplayOptions options = OnExamples(PolicyKind::kRandom, 300);
  for (TrafficRow& row : options.traffic.rows) row.session = "one";
  const std::vector<double> share = MustReplay(options).tier_share;
  CHECK(*std::max_element(share.begin(), share.end()) == 1);
  options.config.sessions.idle_s = 0.5;  // decisions are a second apart
  for (const double apart : MustReplay(options).tier_share) CHECK(apart > 0.2);
  options.config.sessions = {.keep_tier = false};
  for (const double apart : MustReplay(options).tier_share) CHECK(apart > 0.2);
}

TEST_CASE("learning policies beat every mix that does not look at the prompt") {
  for (const PolicyKind kind : {PolicyKind::kThompson, PolicyKind::kLinUcb, PolicyKind::kIgw}) {
    ReplayOptions options = OnExamples(kind, 1500);
    options.warmup = ExampleTraffic(2, 1500);
    options.config.features.fit_after_prompts = 1000;  // a projection of the warm-up's text
    options.config.features.dimensions = 32;
    options.seeds = 2;
    const ReplayReport report = MustReplay(options);
    CAPTURE(ToString(kind), report.quality_mean, report.cost_mean_usd);
    REQUIRE(report.gap_closed.has_value());
    CHECK(*report.gap_closed > 0.1);
    CHECK(report.quality_mean < report.optimum_same_cost);
    CHECK(report.propensity_check->p_value > 0.001);
    CHECK(report.propensity_check->largest_sum_error < 1e-12);
  }
}

TEST_CASE("full feedback ranks held-out rows at least as well as what the chosen tiers showed") {
  ReplayOptions options = OnTwoTiers(1000);
  options.eval = SmallAndLarge(ExampleTraffic(9, 600));
  options.seeds = 2;
  const ReplayReport bandit = MustReplay(options);
  options.full_feedback = true;
  const ReplayReport full = MustReplay(options);
  REQUIRE((bandit.eval && full.eval));
  CHECK(full.eval->apgr > 0.55);  // a constant has 0.5
  CHECK(full.eval->apgr >= bandit.eval->apgr - 0.01);
}

TEST_CASE("rewards that are never told teach nothing of quality") {
  ReplayOptions options = OnTwoTiers(600);
  options.eval = options.traffic;
  options.feedback_rate = 0;
  CHECK(MustReplay(options).eval->apgr == Approx(0.5).margin(1e-9));  // every row has the same predicted gain
  options.feedback_rate = 1;
  options.feedback_delay = 100000;  // told at the end, before the rows are ranked
  CHECK(MustReplay(options).eval->apgr > 0.52);
}

TEST_CASE("impossible options are refused by name") {
  const ReplayOptions good = OnExamples(PolicyKind::kThompson, 10);
  ReplayOptions options = good;
  options.eval = options.traffic;
  CHECK(FieldOfError(options) == "eval");
  options = good;
  options.seeds = 0;
  CHECK(FieldOfError(options) == "seeds");
  options = good;
  options.feedback_rate = 1.5;
  CHECK(FieldOfError(options) == "feedback-rate");
  options = good;
  options.feedback_delay = -1;
  CHECK(FieldOfError(options) == "feedback-delay");
  options = good;
  options.traffic.rows.clear();
  CHECK(FieldOfError(options) == "traffic");
  options = good;
  options.warmup = SmallAndLarge(good.traffic);
  CHECK(FieldOfError(options) == "warmup");
  options = good;
  options.config.mode = Mode::kApprentice;
  CHECK(FieldOfError(options) == "mode");
  options = good;
  options.refresh_every = 0;
  CHECK(FieldOfError(options) == "refresh-every");
  options = good;
  options.threads = 0;
  CHECK(FieldOfError(options) == "threads");
}

}  // namespace suffice
