// A conversation keeps its tier, unless a limit or a gain makes it leave, and explores nothing.
#include "engine/conversation.h"

#include "base/ids.h"
#include "catch.h"
#include "engine/decide.h"
#include "engine/explain.h"
#include "features/feature_set.h"

namespace suffice {
namespace {

constexpr int64_t kNowUs = 1'000'000;

// small and large cost the same; what is believed of their quality is told apart by `gain`.
Config TwoTiers(double gain) {
  Config config;
  config.tiers.push_back({.name = "small", .model = "m1", .context_tokens = 1000, .prior = {.quality = 0.6}});
  config.tiers.push_back({.name = "large", .model = "m2", .prior = {.quality = 0.6 + gain}});
  config.policy.kind = PolicyKind::kEpsilonGreedy;
  config.policy.epsilon = 0.5;
  config.sessions.switch_gain = 0.05;
  return config;
}

struct Fixture {
  std::shared_ptr<const Config> config;
  std::shared_ptr<Snapshot> snapshot;
  DecisionIdGenerator ids{3};

  explicit Fixture(const Config& c) : config(std::make_shared<const Config>(c)) {
    snapshot = std::make_shared<Snapshot>(
        *MakeSnapshot(1, {}, config, config->Hash(), Statistics(MakeCountedFeatures(config->features), 2000)));
  }
  DecideContext Context(const std::string& had) {
    return {.id = ids.Next(kNowUs), .time_us = kNowUs, .seed = 9, .salt = 4, .session_tier = had};
  }
  DecisionRecord Decide(const RouteRequest& request, const std::string& had) {
    auto row = suffice::Decide(*snapshot, request, Context(had));
    REQUIRE(row.ok());
    const Rederived again = Rederive(*row, config->policy);
    CHECK(again.tier == row->tier);
    for (size_t i = 0; i < row->tiers.size(); ++i) CHECK(again.propensities[i] == row->tiers[i].propensity);
    return *std::move(row);
  }
};

RouteRequest Ask(const std::string& session = "s") {
  RouteRequest request;
  request.session = session;
  request.prompt = "and what about the second one?";
  return request;
}

const TierView& View(const DecisionRecord& row, const std::string& tier) {
  for (const TierView& view : row.tiers) {
    if (view.tier == tier) return view;
  }
  FAIL("no such tier");
  return row.tiers[0];
}

bool Explores(const DecisionRecord& row) { return row.propensity < 1; }

}  // namespace

TEST_CASE("a conversation keeps its tier, and the row says so") {
  Fixture fixture(TwoTiers(0.04));
  for (int i = 0; i < 50; ++i) {
    const DecisionRecord row = fixture.Decide(Ask(), "small");
    CHECK(row.tier == "small");
    CHECK(row.propensity == 1);
    CHECK(row.session_tier == "small");
  }
  const DecisionRecord row = fixture.Decide(Ask(), "small");
  CHECK(View(row, "large").exclusion == ExclusionReason::kSession);
  CHECK(View(row, "large").exclusion_detail == "the conversation keeps small");
  const Decision answer = AnswerOf(row, *fixture.config);
  CHECK(answer.session_kept);
  CHECK(answer.fallbacks == std::vector<std::string>{"large"});  // a failed call may leave the conversation's tier
  const Explanation explanation = ExplainDecision(row, *fixture.config, *fixture.snapshot);
  bool said = false;
  for (const std::string& flip : explanation.flips) {
    said = said || (flip.find("the conversation keeps small") != std::string::npos &&
                    flip.find("0.0400") != std::string::npos && flip.find("better") != std::string::npos);
  }
  CHECK(said);
}

TEST_CASE("the first decision of a conversation, and one without a session, are the policy's own") {
  Fixture fixture(TwoTiers(0.04));
  CHECK(Explores(fixture.Decide(Ask(), "")));
  CHECK_FALSE(AnswerOf(fixture.Decide(Ask(), ""), *fixture.config).session_kept);
  Config off = TwoTiers(0.04);
  off.sessions.keep_tier = false;
  CHECK(Explores(Fixture(off).Decide(Ask(), "small")));
  RouteRequest loop = Ask("");
  loop.prompt.clear();
  loop.messages = {{"user", "add"}, {"tool", "3"}};
  CHECK(Explores(fixture.Decide(loop, "")));
}

TEST_CASE("a gain beyond switch_gain makes a conversation leave, once") {
  Fixture fixture(TwoTiers(0.06));
  const DecisionRecord row = fixture.Decide(Ask(), "small");
  CHECK(row.tier == "large");
  CHECK(row.propensity == 1);
  CHECK_FALSE(AnswerOf(row, *fixture.config).session_kept);
  CHECK(View(row, "small").exclusion_detail ==
        "the conversation left small for large: 0.0600 better, where more than 0.0500 was asked for");
  CHECK(fixture.Decide(Ask(), row.tier).tier == "large");

  for (const PolicyKind kind : {PolicyKind::kRandom, PolicyKind::kWeighted, PolicyKind::kThreshold}) {  // do not go by score
    Config config = TwoTiers(0.3);
    config.policy.kind = kind;
    CHECK(Fixture(config).Decide(Ask(), "small").tier == "small");
  }
}

TEST_CASE("optimism for a new tier moves no conversation") {
  Config config = TwoTiers(0);
  config.policy.kind = PolicyKind::kThompson;
  config.policy.new_tier_bonus = 10;
  config.tiers[0].prior.weight = 1e6;
  const DecisionRecord row = Fixture(config).Decide(Ask(), "small");
  CHECK(View(row, "large").score > View(row, "small").score + 0.5);
  CHECK(row.tier == "small");
}

TEST_CASE("a lost prefix cache has its price, where a dollar has one") {
  Config config = TwoTiers(0.06);
  config.objective.kind = ObjectiveKind::kWeighted;
  config.objective.cost_weight = 100;
  RouteRequest request = Ask();
  request.prompt = std::string(40'000, 'x');  // 10,000 tokens
  for (Tier& tier : config.tiers) {
    tier.context_tokens = 0;
    tier.price = {1e-9, 0, {}, {}};
  }
  CHECK(Fixture(config).Decide(request, "small").tier == "large");
  // The cache would save $0.001 on 10,000 tokens, which 100 a dollar make 0.1; then a twentieth of that.
  for (Tier& tier : config.tiers) tier.price = {0.1, 0, 0.0, {}};
  CHECK(Fixture(config).Decide(request, "small").tier == "small");
  for (Tier& tier : config.tiers) tier.price = {0.1, 0, 0.095, {}};
  CHECK(Fixture(config).Decide(request, "small").tier == "large");
}

TEST_CASE("a conversation leaves a tier that is excluded for the best of the others") {
  Config config = TwoTiers(0.02);
  config.tiers.push_back({.name = "huge", .model = "m3", .prior = {.quality = 0.9}});
  Fixture fixture(config);
  RouteRequest request = Ask();
  request.required_context_tokens = 2000;
  const DecisionRecord row = fixture.Decide(request, "small");
  CHECK(row.tier == "huge");
  CHECK(row.propensity == 1);
  CHECK(View(row, "small").exclusion == ExclusionReason::kContextWindow);
  CHECK(View(row, "large").exclusion_detail ==
        "the conversation left small (needs 2000 tokens, window is 1000) for huge");
  CHECK(fixture.Decide(Ask(), "gone").tier == "huge");

  // What is excluded later, when a budget turns out not to cover it, is left as well.
  auto considered = Consider(*fixture.snapshot, Ask(), fixture.Context("large"));
  REQUIRE(considered.ok());
  considered->Exclude(2, ExclusionReason::kBudget, "used up");
  REQUIRE(Choose(*fixture.snapshot, Ask(), *considered).ok());
  CHECK(considered->row.tier == "large");
  considered->Exclude(1, ExclusionReason::kBudget, "used up");
  REQUIRE(Choose(*fixture.snapshot, Ask(), *considered).ok());
  CHECK(considered->row.tier == "small");
  CHECK(considered->row.propensity == 1);
}

TEST_CASE("a tool loop is not explored in") {
  Fixture fixture(TwoTiers(0.04));
  RouteRequest request = Ask();
  request.prompt.clear();
  for (const char* role : {"tool", "function"}) {
    request.messages = {{"user", "what is 1 + 2?"}, {"assistant", "add(1, 2)"}, {role, "3"}};
    const DecisionRecord row = fixture.Decide(request, "");
    CHECK(row.tier == "large");
    CHECK(row.propensity == 1);
    CHECK(fixture.Decide(request, "small").tier == "small");
  }
  request.messages.push_back({"user", "thanks"});
  CHECK_FALSE(IsToolLoop(request));
  CHECK(Explores(fixture.Decide(request, "")));
}

TEST_CASE("what the limits let serve alone, serves") {
  Fixture fixture(TwoTiers(0.04));
  fixture.snapshot->limits.safe_tier_only = true;
  fixture.snapshot->limits.safe_tier = 1;
  CHECK(fixture.Decide(Ask(), "small").tier == "large");
  fixture.snapshot->limits.safe_tier_only = false;
  fixture.snapshot->limits.infeasible = "cannot be";
  const DecisionRecord row = fixture.Decide(Ask(), "large");
  CHECK(View(row, row.tier).exclusion == ExclusionReason::kNone);
  CHECK(row.tier == "small");  // as cheap, and the first: the fallback, whatever the conversation has
}

TEST_CASE("where the caller chooses, or one tier is fixed, no conversation has a say") {
  Config config = TwoTiers(0.3);
  config.mode = Mode::kApprentice;
  RouteRequest request = Ask();
  request.caller_tier = "small";
  const DecisionRecord row = Fixture(config).Decide(request, "large");
  CHECK(row.tier == "small");
  CHECK(View(row, "small").exclusion == ExclusionReason::kNone);
  config = TwoTiers(0);
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "large";
  CHECK(Fixture(config).Decide(Ask(), "small").tier == "large");
}

}  // namespace suffice
