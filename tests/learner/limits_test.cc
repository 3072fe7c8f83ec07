// What the learner makes of limits: a fold that does not depend on how the log is cut, multipliers that keep means,
// infeasibility with the nearest value, the quality guard.
#include <cmath>
#include <random>

#include "base/hash.h"
#include "base/ids.h"
#include "catch.h"
#include "engine/decide.h"
#include "learner/learner.h"
#include "suffice/status.h"

namespace suffice {
namespace {

Config TwoTiers() {
  Config config;
  config.tiers.push_back({.name = "small", .model = "s", .price = {0, 1}});
  config.tiers.push_back({.name = "large", .model = "l", .price = {0, 10}});
  config.audit_rate = 1;
  config.features.fit_after_prompts = 0;
  return config;
}

// A world of two tiers: long prompts need the large one; it is dear, and slow where the prompt is long.
class World {
 public:
  explicit World(const Config& config)
      : config_(std::make_shared<const Config>(config)),
        log_(NewMemoryLog(1)),
        learner_(log_.get(), config_, MakeCountedFeatures(config_->features)) {
    REQUIRE(log_->SaveConfig(config_->Hash(), ConfigToYaml(*config_)).ok());
    snapshot_ = learner_.NextSnapshot();
  }

  // One decision with its outcome and its feedback.
  DecisionRecord Step() {
    const bool hard = random_() % 2 == 0;
    RouteRequest request;
    request.prompt = hard ? "prove that the sum of two odd numbers is even, and explain every step of it, please " +
                                std::to_string(random_() % 100)
                          : "say hello " + std::to_string(random_() % 100);
    now_us_ += 1'000'000;
    auto row = Decide(*snapshot_, request, {.id = ids_.Next(now_us_), .time_us = now_us_, .seed = 5, .salt = 1});
    REQUIRE(row.ok());
    const bool large = row->tier == "large";
    const double quality = large ? 0.95 : hard ? 0.5 : 0.9;
    Record(*row, large ? 10e-4 : 1e-4, large && hard ? 9000 : 500, quality);
    return *row;
  }

  void Record(const DecisionRecord& row, double cost_usd, double latency_ms, double quality) {
    REQUIRE(log_->AppendDecision(row).ok());
    OutcomeRecord outcome{.time_us = now_us_, .cost_nanos = std::llround(cost_usd * 1e9)};
    outcome.outcome = {.decision_id = row.id, .cost_usd = cost_usd, .latency_ms = latency_ms};
    log_->AppendOutcome(outcome, nullptr);
    FeedbackRecord feedback{.time_us = now_us_};
    feedback.feedback = {.feedback_id = row.id.ToString(), .decision_id = row.id, .reward = quality};
    log_->AppendFeedback(feedback, nullptr);
  }

  void Run(int decisions) {
    for (int i = 1; i <= decisions; ++i) {
      Step();
      if (i % 32 == 0) Refresh();
    }
    Refresh();
  }
  void Refresh() {
    REQUIRE(learner_.CatchUpFully().ok());
    snapshot_ = learner_.NextSnapshot();
  }

  const Snapshot& snapshot() const { return *snapshot_; }
  const Learner& learner() const { return learner_; }
  EventLog& log() { return *log_; }
  std::shared_ptr<const Config> config() const { return config_; }

 private:
  std::shared_ptr<const Config> config_;
  std::unique_ptr<EventLog> log_;
  Learner learner_;
  SnapshotPtr snapshot_;
  DecisionIdGenerator ids_{3};
  std::mt19937_64 random_{1};
  int64_t now_us_ = 1'000'000'000;
};

}  // namespace

TEST_CASE("the limits' fold does not depend on how the log is cut, nor on a restart from kept bytes") {
  Config config = TwoTiers();
  config.limits.cost.mean_usd = 4e-4;
  config.limits.latency.p95_ms = 5000;
  config.limits.quality.floor = 0.8;
  World world(config);
  world.Run(400);
  const std::string whole = world.learner().limits().Serialize();
  for (const int64_t limit : {1, 7, 64, 4096}) {
    Learner again(&world.log(), world.config(), MakeCountedFeatures(config.features));
    for (bool more = true; more;) {
      const auto status = again.CatchUp(limit);
      REQUIRE(status.ok());
      more = *status;
    }
    CHECK(again.limits().Serialize() == whole);
  }
  const auto read = LimitFold::Deserialize(whole);
  REQUIRE(read.ok());
  CHECK(read->Serialize() == whole);
  for (size_t cut = 0; cut < whole.size(); cut += whole.size() / 97 + 1) {
    CHECK_FALSE(LimitFold::Deserialize(std::string_view(whole).substr(0, cut)).ok());
  }
}

TEST_CASE("a mean cost is kept, and the money goes where it buys most") {
  Config config = TwoTiers();
  config.policy.kind = PolicyKind::kIgw;
  config.limits.cost.mean_usd = 4e-4;
  World world(config);
  world.Run(1500);
  const LimitStatus& cost = world.snapshot().limits.status.at(0);
  CHECK(cost.name == "cost.mean");
  CHECK(cost.observations == 1500);
  CHECK(cost.observed == Approx(4e-4).epsilon(0.05));
  CHECK(cost.multiplier > 0);
  CHECK(world.snapshot().limits.infeasible.empty());
}

TEST_CASE("a floor is kept at least cost") {
  Config config = TwoTiers();
  config.policy.kind = PolicyKind::kIgw;
  config.objective.kind = ObjectiveKind::kMinCost;
  config.limits.quality.floor = 0.8;
  World world(config);
  world.Run(1500);
  const LimitStatus& floor = world.snapshot().limits.status.at(0);
  CHECK(floor.name == "quality.floor");
  // Begun without knowledge, it is kept from above, and what was too much is paid back slowly.
  CHECK(floor.observed >= 0.8);
  CHECK(floor.observed < 0.87);
  CHECK(floor.state == LimitState::kMet);
  CHECK(world.snapshot().limits.weights.cost_usd > 0);
  CHECK_FALSE(world.snapshot().limits.safe_tier_only);
}

TEST_CASE("limits that cannot be met together are said to be, with the nearest that can") {
  Config config = TwoTiers();
  config.limits.cost.mean_usd = 0.5e-4;  // the small tier alone costs twice as much
  World world(config);
  world.Run(200);
  const LimitsInForce& limits = world.snapshot().limits;
  CHECK_FALSE(limits.infeasible.empty());
  CHECK(limits.status.at(0).state == LimitState::kInfeasible);
  CHECK(limits.status.at(0).nearest_feasible == Approx(1e-4).epsilon(0.05));
  const DecisionRecord row = world.Step();
  CHECK(row.tier == "small");
  CHECK(row.propensity == 1);
  CHECK(row.tiers[1].exclusion == ExclusionReason::kInfeasible);
  CHECK(row.infeasible == limits.infeasible);
}

TEST_CASE("an infeasible request is refused where the configuration says so") {
  Config config = TwoTiers();
  config.limits.cost.mean_usd = 0.5e-4;
  config.on_infeasible = OnInfeasible::kReject;
  World world(config);
  for (int i = 0; i < 3; ++i) {
    // Until there is enough to judge by, decisions are made.
    for (int k = 0; k < 10; ++k) world.Step();
    world.Refresh();
  }
  for (int k = 0; k < 10; ++k) world.Step();
  world.Refresh();
  RouteRequest request;
  request.prompt = "say hello";
  DecisionIdGenerator ids(9);
  const auto refused = Decide(world.snapshot(), request, {.id = ids.Next(1), .time_us = 1, .seed = 1, .salt = 1});
  CHECK(refused.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(StatedReason(refused.status()) == "INFEASIBLE");
}

TEST_CASE("audits that lie under the floor leave the safe tier alone") {
  Config config = TwoTiers();
  config.limits.quality.floor = 0.99;  // nothing reaches it
  config.limits.quality.safe_tier = "large";
  config.on_infeasible = OnInfeasible::kSafest;
  World world(config);
  world.Run(300);
  CHECK(world.snapshot().limits.safe_tier_only);
  CHECK(world.snapshot().limits.guard_detail.find("under the floor") != std::string::npos);
  CHECK(world.Step().tier == "large");
}

TEST_CASE("a tier without latencies is not taken to be fast") {
  Config config = TwoTiers();
  config.limits.latency.p95_ms = 60000;
  World world(config);
  const DecisionRecord row = world.Step();
  for (const TierView& view : row.tiers) CHECK(view.late[1] >= 0.05);
  world.Run(600);
  for (const TierView& view : world.Step().tiers) {
    if (view.observations > 50) CHECK(view.late[1] < 0.02);
  }
}

}  // namespace suffice
