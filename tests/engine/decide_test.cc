// A decision as a pure function: eligibility, errors that name the field, re-derivation from the row.
#include "engine/decide.h"

#include "base/ids.h"
#include "catch.h"
#include "features/sketch.h"
#include "learner/learner.h"
#include "suffice/status.h"

namespace suffice {
namespace {

Config ThreeTiers() {
  Config config;
  config.tiers.push_back({.name = "small", .model = "m1", .price = {0.1, 0.2}, .context_tokens = 1000});
  config.tiers.push_back(
      {.name = "medium", .model = "m2", .price = {1, 2}, .context_tokens = 8000, .capabilities = {"tools"}});
  config.tiers.push_back({.name = "large", .model = "m3", .price = {10, 20}, .capabilities = {"tools", "vision"}});
  return config;
}

struct Fixture {
  std::shared_ptr<const Config> config;
  SnapshotPtr snapshot;
  DecisionIdGenerator ids{3};
  explicit Fixture(const Config& c = ThreeTiers()) : config(std::make_shared<const Config>(c)) {
    snapshot = MakeSnapshot(1, {}, config, config->Hash(), Statistics(MakeCountedFeatures(config->features), 2000));
  }
  absl::StatusOr<DecisionRecord> Decide(const RouteRequest& request) {
    return suffice::Decide(*snapshot, request, {.id = ids.Next(1'000'000), .time_us = 1'000'000, .seed = 9, .salt = 4});
  }
};

RouteRequest Ask(const std::string& prompt) {
  RouteRequest request;
  request.prompt = prompt;
  return request;
}

}  // namespace

TEST_CASE("excluded tiers carry their reason and no probability") {
  Fixture fixture;
  RouteRequest request = Ask("describe this picture");
  request.required_capabilities = {"tools"};
  request.required_context_tokens = 9000;
  const auto row = fixture.Decide(request);
  REQUIRE(row.ok());
  CHECK(row->tier == "large");
  CHECK(row->propensity == 1);
  CHECK(row->tiers[0].exclusion != ExclusionReason::kNone);
  CHECK(row->tiers[1].exclusion == ExclusionReason::kContextWindow);
  CHECK(row->tiers[1].exclusion_detail == "needs 9000 tokens, window is 8000");
  CHECK(row->tiers[1].propensity == 0);
  const Decision answer = AnswerOf(*row, *fixture.config);
  CHECK(answer.model == "m3");
  CHECK(answer.fallbacks.empty());
}

TEST_CASE("when no tier is eligible the error says why for each") {
  Fixture fixture;
  RouteRequest request = Ask("hello");
  request.required_capabilities = {"telepathy"};
  const auto row = fixture.Decide(request);
  CHECK(row.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(std::string(row.status().message()) ==
        "no tier is eligible (small: lacks telepathy; medium: lacks telepathy; large: lacks telepathy)");
}

TEST_CASE("a bad request names its field") {
  Fixture fixture;
  const auto field_of = [&](const RouteRequest& request) {
    return FieldOf(fixture.Decide(request).status()).value_or("none");
  };
  RouteRequest request = Ask("hi");
  CHECK(field_of(Ask("")) == "prompt");
  request.messages = {{"user", "hi"}};
  CHECK(field_of(request) == "messages");
  request = Ask("hi");
  request.pinned_tier = "huge";
  CHECK(field_of(request) == "pinned_tier");
  request = Ask("hi");
  request.allowed_tiers = {"small", "huge"};
  CHECK(field_of(request) == "allowed_tiers");
  request = Ask("hi");
  request.max_output_tokens = -1;
  CHECK(field_of(request) == "max_output_tokens");
  request = Ask("hi");
  request.tenant = std::string(257, 't');
  CHECK(field_of(request) == "tenant");
  request = Ask(std::string((1 << 20) + 1, 'x'));
  CHECK(field_of(request) == "prompt");
}

TEST_CASE("in modes apprentice and log_only the caller chooses, and the policy's choice is kept beside it") {
  for (Mode mode : {Mode::kApprentice, Mode::kLogOnly}) {
    Config config = ThreeTiers();
    config.mode = mode;
    config.policy.kind = PolicyKind::kFixed;
    config.policy.fixed_tier = "small";
    Fixture fixture(config);
    CHECK(FieldOf(fixture.Decide(Ask("hi")).status()) == "caller_tier");
    RouteRequest request = Ask("hi");
    request.caller_tier = "large";
    const auto row = fixture.Decide(request);
    REQUIRE(row.ok());
    CHECK(row->tier == "large");
    CHECK(row->propensity == 1);
    CHECK(row->policy_tier == "small");
    CHECK(AnswerOf(*row, config).mode == mode);
  }
}

TEST_CASE("every decision is re-derived from its row, for every policy") {
  for (PolicyKind kind : {PolicyKind::kThompson, PolicyKind::kLinUcb, PolicyKind::kIgw, PolicyKind::kEpsilonGreedy,
                          PolicyKind::kRandom, PolicyKind::kWeighted, PolicyKind::kFixed}) {
    Config config = ThreeTiers();
    config.policy.kind = kind;
    config.policy.fixed_tier = "medium";
    config.policy.weights = {{"small", 3}, {"large", 1}};
    config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 20};
    Fixture fixture(config);
    for (int i = 0; i < 500; ++i) {
      const auto row = fixture.Decide(Ask("prompt number " + std::to_string(i)));
      REQUIRE(row.ok());
      const Rederived again = Rederive(*row, config.policy);
      REQUIRE(again.tier == row->tier);
      for (size_t k = 0; k < row->tiers.size(); ++k) REQUIRE(again.propensities[k] == row->tiers[k].propensity);
    }
  }
}

TEST_CASE("audits are drawn at their rate and independently of the tier") {
  Config config = ThreeTiers();
  config.audit_rate = 0.1;
  config.policy.kind = PolicyKind::kRandom;
  Fixture fixture(config);
  int audits = 0, audited_small = 0, small = 0;
  constexpr int kDecisions = 20000;
  for (int i = 0; i < kDecisions; ++i) {
    const auto row = fixture.Decide(Ask("x"));
    REQUIRE(row.ok());
    audits += row->audit;
    small += row->tier == "small";
    audited_small += row->audit && row->tier == "small";
  }
  CHECK(audits == Approx(0.1 * kDecisions).epsilon(0.1));
  CHECK(audited_small == Approx(0.1 * small).epsilon(0.15));
}

}  // namespace suffice
