// Drift as a fold of the log: what raises an alarm, what an alarm does, and that batches and restarts do not matter.
#include "learner/drift_fold.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/ids.h"
#include "catch.h"
#include "learner/learner.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr double kTolerance = 1e-9;
constexpr double kPredictedUsd = 1e-3;

// A log in which "small" keeps its word until decision `drop_at`, and is worse by `drop` from then on; its bills are
// multiplied by `cost_factor` from then on. "large" never changes.
struct World {
  int n = 1800;
  int drop_at = 1200;
  double drop = 0.2;
  double cost_factor = 1;
  double told = 1;  // share of feedback that comes
  int learned_after = 60;  // decisions until predictions have followed the change
  int delay = 0;    // decisions until it comes
  uint64_t seed = 1;

  std::shared_ptr<const Config> config;
  FeatureSetPtr features;
  std::unique_ptr<EventLog> log = NewMemoryLog(11);

  void Make() {
    Config c;
    c.tiers.push_back({.name = "small", .model = "s", .price = {.output_usd_per_mtok = 2}});
    c.tiers.push_back({.name = "large", .model = "l", .price = {.output_usd_per_mtok = 20}});
    config = std::make_shared<const Config>(c);
    features = MakeCountedFeatures(config->features);
    REQUIRE(log->SaveConfig(config->Hash(), ConfigToYaml(*config)).ok());
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise(0, 0.1);
    std::vector<FeedbackRecord> pending;
    DecisionIdGenerator ids(5);
    for (int i = 0; i < n; ++i) {
      const DecisionRecord decision = Decide(i, ids);
      const bool is_small = decision.tier == "small", changed = is_small && i >= drop_at;
      REQUIRE(log->AppendDecision(decision).ok());
      OutcomeRecord outcome{.time_us = decision.time_us};
      outcome.outcome.decision_id = decision.id;
      outcome.outcome.output_tokens = 100;
      outcome.outcome.cost_usd = kPredictedUsd * (changed ? cost_factor : 1) * std::exp(noise(random));
      log->AppendOutcome(outcome, {});
      FeedbackRecord feedback;
      feedback.feedback = {.feedback_id = std::to_string(i),
                           .decision_id = decision.id,
                           .reward = std::clamp(0.8 - (changed ? drop : 0) + noise(random), 0.0, 1.0)};
      pending.push_back(feedback);
      if (i >= delay && std::uniform_real_distribution<>()(random) < told) {
        FeedbackRecord due = pending[i - delay];
        due.time_us = decision.time_us;
        log->AppendFeedback(due, {});
      }
    }
  }

  DecisionRecord Decide(int i, DecisionIdGenerator& ids) const {
    DecisionRecord decision;
    decision.time_us = 1'000'000LL * (i + 1);
    decision.id = ids.Next(decision.time_us);
    decision.tier = decision.policy_tier = i % 4 == 0 ? "large" : "small";
    decision.config_hash = config->Hash();
    decision.feature_version = features->version();
    decision.features.assign(features->dimensions(), 0);
    decision.features[0] = 1;
    decision.features[1 + i % 7] = 0.5;
    for (const char* tier : {"small", "large"}) {
      TierView view;
      view.tier = tier;
      const bool followed = view.tier == "small" && i >= drop_at + learned_after;
      view.quality = followed ? 0.8 - drop : 0.8;
      view.cost_usd = kPredictedUsd;
      view.observations = 500;
      decision.tiers.push_back(view);
    }
    return decision;
  }

  Learner NewLearner() const { return Learner(log.get(), config, features); }
  Statistics Fold(int64_t limit = 4096) const {
    Learner learner = NewLearner();
    for (bool more = true; more;) {
      const auto status = learner.CatchUp(limit);
      REQUIRE(status.ok());
      more = *status;
    }
    return learner.statistics();
  }
};

std::vector<DriftAlarm> AlarmsOf(const Statistics& statistics, const std::string& tier) {
  const auto found = statistics.drift().tiers().find(tier);
  return found == statistics.drift().tiers().end() ? std::vector<DriftAlarm>() : found->second.alarms;
}

}  // namespace

TEST_CASE("a drop raises an alarm on its tier alone, and shrinks what was known before") {
  World world;
  world.Make();
  const Statistics statistics = world.Fold();
  const auto alarms = AlarmsOf(statistics, "small");
  REQUIRE_FALSE(alarms.empty());
  CHECK(alarms.front().shift == Shift::kDrop);
  CHECK(alarms.front().time_us > 1'000'000LL * world.drop_at);
  CHECK(alarms.front().time_us < 1'000'000LL * (world.drop_at + 60));
  // The change is dated to where it began, not to where it was noticed.
  CHECK(alarms.front().start_us > 1'000'000LL * (world.drop_at - 200));
  CHECK(alarms.front().start_us <= 1'000'000LL * (world.drop_at + 10));
  CHECK(AlarmsOf(statistics, "large").empty());
  const EpochStatistics& small = statistics.tiers().at("small").quality;
  CHECK(small.observed() == 1350);
  CHECK(small.n() < 600);
  // The mean of the rewards that count is near the new quality.
  const RidgeStatistics known = small.Discounted();
  CHECK(known.y_sum() / known.n() == Approx(0.6).margin(0.03));
}

TEST_CASE("rewards that came between a change and its alarm are moved to the new epoch at once") {
  World world;
  world.delay = 200;
  world.learned_after = 300;
  world.n = 1500;
  world.Make();
  Learner learner = world.NewLearner();
  for (bool more = true; more && AlarmsOf(learner.statistics(), "small").empty();) {
    const auto status = learner.CatchUp(1);
    REQUIRE(status.ok());
    more = *status;
  }
  const RidgeStatistics known = learner.statistics().tiers().at("small").quality.Discounted();
  const double keep = world.config->drift.keep;
  CHECK(known.n() < keep + 60);
  CHECK(known.n() > keep + 5);
  CHECK(known.y_sum() / known.n() < 0.75);
}

TEST_CASE("a tier whose quality dropped is probed, and one whose quality rose a little more") {
  World world;
  world.Make();
  Learner learner = world.NewLearner();
  REQUIRE(learner.CatchUpFully().ok());
  const SnapshotPtr snapshot = learner.NextSnapshot();
  REQUIRE(snapshot->limits.probes.size() == 2);
  CHECK(snapshot->limits.probes[0] > 0);
  CHECK(snapshot->limits.probes[1] == 0);
  const auto multipliers = MultipliersOf(snapshot->limits, "", world.config->tiers);
  const auto is_probe = [](const auto& multiplier) { return multiplier.first == "probe.small"; };
  CHECK(std::count_if(multipliers.begin(), multipliers.end(), is_probe) == 1);
}

TEST_CASE("a rise raises an alarm, too") {
  World world;
  world.drop = -0.15;
  world.Make();
  const auto alarms = AlarmsOf(world.Fold(), "small");
  REQUIRE_FALSE(alarms.empty());
  CHECK(alarms.front().shift == Shift::kRise);
}

TEST_CASE("without drift, or with drift disabled, there is no alarm") {
  World steady;
  steady.drop = 0;
  steady.n = 3600;
  steady.Make();
  CHECK(AlarmsOf(steady.Fold(), "small").empty());

  World disabled;
  disabled.Make();
  Config config = *disabled.config;
  config.drift.enabled = false;
  Learner learner = disabled.NewLearner();
  learner.ReplaceConfig(std::make_shared<const Config>(config));
  REQUIRE(learner.CatchUpFully().ok());
  CHECK(learner.statistics().drift().tiers().empty());
  CHECK(learner.statistics().tiers().at("small").quality.n() == 1350);
}

TEST_CASE("batches of any size give the same alarms and statistics, whatever is late") {
  for (uint64_t seed : {1, 2, 3}) {
    World world;
    world.seed = seed;
    world.n = 2100;
    world.delay = 100;
    world.learned_after = 250;
    world.told = 0.7;
    world.cost_factor = 0.3;
    world.Make();
    const Statistics whole = world.Fold();
    CHECK_FALSE(AlarmsOf(whole, "small").empty());
    for (const int64_t limit : {1, 7, 64, 501}) {
      const Statistics batched = world.Fold(limit);
      CHECK(batched.drift() == whole.drift());
      CHECK(RelativeDifference(batched, whole) < kTolerance);
    }
  }
}

TEST_CASE("a restart from a kept state finds the same alarms as a rebuild") {
  World world;
  world.delay = 50;
  world.learned_after = 150;
  world.Make();
  const Statistics whole = world.Fold();
  Learner first = world.NewLearner();
  for (int i = 0; i < 181; ++i) REQUIRE(first.CatchUp(7).ok());  // in the middle of things
  const SnapshotPtr snapshot = first.NextSnapshot();
  REQUIRE(world.log->SaveSnapshot(first.RecordOf(*snapshot, 1, /*with_state=*/true)).ok());
  auto resumed = Learner::Resume(world.log.get(), world.config);
  REQUIRE(resumed.ok());
  CHECK(resumed->cursor() == snapshot->cursor);
  REQUIRE(resumed->CatchUpFully().ok());
  CHECK(resumed->statistics().drift() == whole.drift());
  CHECK(RelativeDifference(resumed->statistics(), whole) < kTolerance);

  Config other = *world.config;
  other.drift.alarm = 30;
  const auto refolded = Learner::Resume(world.log.get(), std::make_shared<const Config>(other));
  REQUIRE(refolded.ok());
  CHECK(refolded->cursor() == LogCursor{});
}

TEST_CASE("observed over predicted cost follows the bills and reaches the predictions") {
  World world;
  world.drop = 0;
  world.cost_factor = 0.1;
  world.Make();
  Learner learner = world.NewLearner();
  REQUIRE(learner.CatchUpFully().ok());
  const DriftFold& drift = learner.statistics().drift();
  CHECK(drift.CostRatio("small") == Approx(0.1).epsilon(0.1));
  CHECK(drift.CostRatio("large") == Approx(1).epsilon(0.1));
  CHECK(drift.CostRatio("unknown") == 1);
  const SnapshotPtr snapshot = learner.NextSnapshot();
  CHECK(snapshot->drift[0].cost_ratio == drift.CostRatio("small"));
  std::vector<float> x(world.features->dimensions(), 0);
  x[0] = 1;
  const TierPrediction small = snapshot->models[0].Predict(x, 10, 0, world.config->tiers[0].price);
  CHECK(small.cost_ratio == drift.CostRatio("small"));
}

TEST_CASE("the ratio is of the prediction without it: a row that holds a ratio teaches the same") {
  World plain;
  plain.drop = 0;
  plain.cost_factor = 0.5;
  plain.Make();
  DriftFold with_ratio{DriftConfig()}, without{DriftConfig()};
  const auto tail = plain.log->ReadTail({}, 50000);
  REQUIRE(tail.ok());
  std::vector<ObservedDecision> touched = tail->touched;
  without.Fold(touched, {}, tail->end, TrustFold(TrustConfig()));
  for (ObservedDecision& observed : touched) {
    for (TierView& view : observed.decision.tiers) {
      view.cost_ratio = 0.25;
      view.cost_usd *= 0.25;
    }
  }
  with_ratio.Fold(touched, {}, tail->end, TrustFold(TrustConfig()));
  CHECK(with_ratio.CostRatio("small") == Approx(without.CostRatio("small")));
}

}  // namespace suffice
