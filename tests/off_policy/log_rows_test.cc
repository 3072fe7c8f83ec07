// From a served log to rows that estimates can be made from.
#include "off_policy/log_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "catch.h"
#include "off_policy/cross_fit.h"
#include "off_policy/served_log.h"
#include "off_policy/target_policy.h"

namespace suffice {
namespace {

LogTable MustRead(EventLog& log, const LogTableOptions& options = {}) {
  auto table = ReadLogTable(log, MakeCountedFeatures({}), {}, options);
  INFO(table.status().ToString());
  REQUIRE(table.ok());
  return *std::move(table);
}

MeasureRows MustMeasure(const LogTable& table, const MeasureOptions& options) {
  auto rows = MakeMeasureRows(table, options);
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  return *std::move(rows);
}

}  // namespace

TEST_CASE("rows have the log's propensities, rewards, dollars and milliseconds") {
  const ServedLog served = Serve({.config = ExampleConfig(PolicyKind::kThompson), .rows = 300, .user_rate = 0.6});
  const LogTable table = MustRead(*served.log);
  REQUIRE(table.rows.size() == 300);
  CHECK(table.tiers == std::vector<std::string>{"small", "medium", "large"});
  int64_t rewarded = 0;
  for (size_t i = 0; i < 300; ++i) {
    const LoggedRow& row = table.rows[i];
    const DecisionRecord& decision = served.decided[i];
    const TrafficTier& answer = served.traffic.rows[i].tiers[row.tier];
    REQUIRE(row.id == decision.id);
    REQUIRE(table.tiers[row.tier] == decision.tier);
    for (size_t a = 0; a < 3; ++a) REQUIRE(row.propensity[a] == decision.tiers[a].propensity);
    REQUIRE(row.x == decision.features);
    REQUIRE(*row.cost_usd == Approx(*answer.cost_usd).margin(1e-9));
    REQUIRE(*row.latency_ms == *answer.latency_ms);
    if (row.reward) REQUIRE(*row.reward == Approx(answer.quality));
    rewarded += row.reward.has_value();
  }
  CHECK(rewarded > 130);
  CHECK(rewarded < 230);
}

TEST_CASE("what came after the bounds is not seen") {
  const ServedLog served = Serve({.config = ExampleConfig(PolicyKind::kRandom), .rows = 200});
  const LogTable table = MustRead(*served.log, {.end = {150, 100}, .decision_seq = 180});
  REQUIRE(table.rows.size() == 180);
  for (size_t i = 0; i < table.rows.size(); ++i) {
    REQUIRE(table.rows[i].cost_usd.has_value() == (i < 150));
    REQUIRE(table.rows[i].reward.has_value() == (i < 100));
  }
  CHECK(MustRead(*served.log, {.max_rows = 50}).rows.front().id == served.decided[150].id);
}

TEST_CASE("a row's prediction does not depend on its own reward") {
  ServeOptions options{.config = ExampleConfig(PolicyKind::kRandom), .rows = 200};
  const ServedLog served = Serve(options);
  options.flipped = served.decided[17].id.ToString();
  const ServedLog other = Serve(options);  // random: nothing else changes
  const LogTable table = MustRead(*served.log), changed = MustRead(*other.log);
  REQUIRE(table.rows[17].reward != changed.rows[17].reward);
  const MeasureRows before = MustMeasure(table, {}), after = MustMeasure(changed, {});
  // A fold's sums are taken off the whole: equal up to rounding.
  const auto apart = [&](size_t i) {
    double most = 0;
    for (size_t a = 0; a < 3; ++a) most = std::max(most, std::abs(before.rows[i].model[a] - after.rows[i].model[a]));
    return most;
  };
  CHECK(apart(17) < 1e-9);
  size_t different = 0;
  for (size_t i = 0; i < 200; ++i) {
    const bool same_fold = FoldOf(table.rows[i].id) == FoldOf(table.rows[17].id);
    different += apart(i) > 1e-6;
    if (same_fold) REQUIRE(apart(i) < 1e-9);
  }
  CHECK(different > 100);

  // Nor does what a learned policy would do with the row.
  for (const PolicyKind kind : {PolicyKind::kThompson, PolicyKind::kIgw}) {
    const Config config = ExampleConfig(kind);
    const auto policy = PolicyFromConfig(*served.log, config, table, {}, "before");
    const auto again = PolicyFromConfig(*other.log, config, changed, {}, "after");
    REQUIRE(policy.ok());
    REQUIRE(again.ok());
    CHECK(policy->table[17] == again->table[17]);
    CHECK(policy->table != again->table);
  }
}

TEST_CASE("the probability of being observed is propensity, audit and the share that is known") {
  Config config = ExampleConfig(PolicyKind::kRandom);
  config.audit_rate = 0.4;
  const ServedLog served = Serve({.config = config, .rows = 1000, .user_rate = 0.25, .judge_audits = true});
  const LogTable table = MustRead(*served.log);
  const MeasureRows audited = MustMeasure(table, {.rewards = RewardsFrom::kAudited});
  const MeasureRows all = MustMeasure(table, {.rewards = RewardsFrom::kAll});
  CHECK(MustMeasure(table, {}).rewards == RewardsFrom::kAudited);  // about 400 audits, all judged
  for (size_t i = 0; i < 1000; ++i) {
    const LoggedRow& row = table.rows[i];
    for (size_t a = 0; a < 3; ++a) {
      REQUIRE(audited.rows[i].observed[a] == Approx(row.propensity[a] * 0.4));  // every audited one is known
      REQUIRE(all.rows[i].observed[a] == Approx(row.propensity[a] * all.known_share[a]));
      REQUIRE(std::isfinite(audited.rows[i].y[a]) == (a == row.tier && row.audit));
      REQUIRE(std::isfinite(all.rows[i].y[a]) == (a == row.tier && row.reward.has_value()));
    }
  }
  for (const double share : all.known_share) CHECK(share == Approx(1 - 0.6 * 0.75).margin(0.08));
  CHECK(MustMeasure(table, {.measure = Measure::kCost}).observed == 1000);

  config.audit_rate = 0.05;  // too few
  const ServedLog few = Serve({.config = config, .rows = 1000, .judge_audits = true});
  CHECK(MustMeasure(MustRead(*few.log), {}).rewards == RewardsFrom::kAll);
}

TEST_CASE("a judge's bias is taken off where only the judge spoke") {
  Config config = ExampleConfig(PolicyKind::kRandom);
  config.audit_rate = 0.5;
  const ServedLog served =
      Serve({.config = config, .rows = 1200, .user_rate = 0.5, .judge_audits = true, .judge_bias = -0.1});
  const LogTable table = MustRead(*served.log);
  REQUIRE(table.judge_bias.at("small").IsKnown());
  CHECK(table.judge_bias.at("small").bias == Approx(-0.1).margin(0.01));
  CHECK(table.judge_bias.at("large").bias == Approx(0).margin(1e-9));
  double error = 0, n = 0;
  for (size_t i = 0; i < table.rows.size(); ++i) {
    const LoggedRow& row = table.rows[i];
    if (!row.judged || row.tier != 0) continue;
    error += *row.reward - served.traffic.rows[i].tiers[0].quality;
    n += 1;
  }
  REQUIRE(n > 50);
  CHECK(error / n == Approx(0).margin(0.01));
  const MeasureRows rows = MustMeasure(table, {});
  CHECK(rows.tier_standard_error[0] > 0);
  CHECK(rows.tier_standard_error[0] < table.judge_bias.at("small").standard_error);
  CHECK(MustRead(*served.log, {.correct_judges = false}).rows[0].judged == table.rows[0].judged);
}

TEST_CASE("policy files decide as the engine would, and the baselines as their names say") {
  const ServedLog served = Serve({.config = ExampleConfig(PolicyKind::kRandom), .rows = 300});
  const LogTable table = MustRead(*served.log);
  const auto decide = [&](const Config& config) {
    auto policy = PolicyFromConfig(*served.log, config, table, {}, "file");
    INFO(policy.status().ToString());
    REQUIRE(policy.ok());
    return policy->table;
  };
  Config config = ExampleConfig(PolicyKind::kFixed);
  config.policy.fixed_tier = "medium";
  const auto fixed = decide(config);
  CHECK(std::all_of(fixed.begin(), fixed.end(), [](const auto& row) { return row == std::vector<double>{0, 1, 0}; }));
  config = ExampleConfig(PolicyKind::kWeighted);
  config.policy.weights = {{"small", 3}, {"large", 1}};
  CHECK(decide(config)[5] == std::vector<double>{0.75, 0, 0.25});
  CHECK(decide(ExampleConfig(PolicyKind::kRandom)) == ServingAsLogged(table).table);
  config = ExampleConfig(PolicyKind::kFixed);
  config.policy.fixed_tier = "small";
  config.tiers.resize(2);
  CHECK(decide(config)[0] == std::vector<double>{1, 0, 0});  // a tier that the file lacks gets nothing
  for (const std::vector<double>& row : decide(ExampleConfig(PolicyKind::kThompson))) {
    REQUIRE(std::accumulate(row.begin(), row.end(), 0.0) == Approx(1));
  }

  const std::vector<size_t> order = TiersByCost(table, table.tiers);
  CHECK(order == std::vector<size_t>{0, 1, 2});
  CHECK(AlwaysFirst(table, {2, 1, 0}, "strong").table[3] == std::vector<double>{0, 0, 1});
  CHECK(RandomPolicy(table, order).table[3] == std::vector<double>(3, 1.0 / 3));
  std::vector<double> share(3);
  for (const auto& row : FiveRules(table, order).table) {
    for (size_t a = 0; a < 3; ++a) share[a] += row[a] / 300;
  }
  CHECK(share[0] > 0.05);  // it tells prompts apart
  CHECK(share[0] < 0.95);
  LogTable restricted = table;
  restricted.rows[0].ruled_out = {"small"};
  CHECK(AlwaysFirst(restricted, order, "cheap").table[0] == std::vector<double>{0, 1, 0});
  CHECK(RandomPolicy(restricted, order).table[0] == std::vector<double>{0, 0.5, 0.5});
}

TEST_CASE("a log without decisions of a policy's own says so") {
  const auto log = NewMemoryLog(7);
  const auto table = ReadLogTable(*log, MakeCountedFeatures({}), {}, {});
  CHECK(absl::IsFailedPrecondition(table.status()));
}

}  // namespace suffice
