// Do draws follow the propensities that are logged with them? 100,000 decisions of each policy on varied prompts.
#include "base/ids.h"
#include "catch.h"
#include "engine/decide.h"
#include "evaluation/example_traffic.h"
#include "evaluation/propensity_check.h"
#include "learner/learner.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr int kDraws = 100000;
constexpr uint64_t kSalt = 3;

Config ConfigOf(PolicyKind kind) {
  Config config;
  config.tiers = ExampleTiers();
  config.policy.kind = kind;
  config.policy.weights = {{"small", 5}, {"medium", 2}, {"large", 1}};
  config.policy.epsilon = 0.1;
  config.policy.thompson_scale = 1;  // so that no tier is beyond doubt
  config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 20};
  return config;
}

// A snapshot that has learned from the first rows, a tier each, so that propensities differ from prompt to prompt.
SnapshotPtr Learned(const std::shared_ptr<const Config>& config, const Traffic& traffic, int rows) {
  const auto log = NewMemoryLog(kSalt);
  Learner learner(log.get(), config, MakeCountedFeatures(config->features));
  const SnapshotPtr empty = learner.NextSnapshot();
  DecisionIdGenerator ids(1);
  for (int i = 0; i < rows; ++i) {
    const TrafficRow& row = traffic.rows[static_cast<size_t>(i)];
    const size_t tier = static_cast<size_t>(i) % config->tiers.size();
    RouteRequest request;
    request.prompt = row.prompt;
    auto decision = EvaluationRow(*empty, request, config->tiers[tier].name, {.id = ids.Next(i), .salt = kSalt});
    REQUIRE(decision.ok());
    const DecisionId id = decision->id;
    OutcomeRecord outcome;
    outcome.outcome.decision_id = id;
    outcome.outcome.output_tokens = row.tiers[tier].output_tokens;
    FeedbackRecord feedback;
    feedback.feedback = {.feedback_id = id.ToString(), .decision_id = id, .reward = row.tiers[tier].quality};
    REQUIRE(log->AppendEvaluation(*std::move(decision), outcome, feedback).ok());
  }
  REQUIRE(learner.CatchUpFully().ok());
  return learner.NextSnapshot();
}

}  // namespace

TEST_CASE("drawn tiers follow the logged propensities, and each vector sums to 1") {
  const Traffic traffic = ExampleTraffic(4, 500);
  for (const PolicyKind kind : {PolicyKind::kThompson, PolicyKind::kLinUcb, PolicyKind::kIgw,
                                PolicyKind::kEpsilonGreedy, PolicyKind::kRandom, PolicyKind::kWeighted}) {
    const auto config = std::make_shared<const Config>(ConfigOf(kind));
    const SnapshotPtr snapshot = Learned(config, traffic, 90);
    PropensityCheck check(config->tiers.size());
    DecisionIdGenerator ids(17);
    std::vector<double> propensities(config->tiers.size());
    for (int i = 0; i < kDraws; ++i) {
      RouteRequest request;
      request.prompt = traffic.rows[static_cast<size_t>(i) % traffic.rows.size()].prompt;
      const auto decision = Decide(*snapshot, request, {.id = ids.Next(i), .time_us = i, .seed = 5, .salt = kSalt});
      REQUIRE(decision.ok());
      for (size_t k = 0; k < propensities.size(); ++k) propensities[k] = decision->tiers[k].propensity;
      const int tier = config->TierIndex(decision->tier);
      REQUIRE(decision->propensity == propensities[static_cast<size_t>(tier)]);
      check.Add(propensities, static_cast<size_t>(tier));
    }
    const PropensityCheck::Result result = check.Evaluate();
    CAPTURE(ToString(kind), result.statistic, result.degrees_of_freedom);
    CHECK(result.degrees_of_freedom >= 2);
    CHECK(result.p_value > 0.001);
    CHECK(result.largest_sum_error < 1e-12);
  }
}

}  // namespace suffice
