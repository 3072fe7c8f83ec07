// The engine on a real database: repeated requests, feedback and what it changes, modes, errors.
#include "suffice/engine.h"

#include <thread>

#include "base/ids.h"
#include "catch.h"
#include "engine_testing.h"
#include "suffice/status.h"

namespace suffice {
namespace {

RouteRequest Numbered(const std::string& request_id, const std::string& prompt, const std::string& tenant = "") {
  RouteRequest request;
  request.request_id = request_id;
  request.tenant = tenant;
  request.prompt = prompt;
  return request;
}

void CheckSameAnswer(const Decision& a, const Decision& b) {
  CHECK(a.id == b.id);
  CHECK(a.tier == b.tier);
  CHECK(a.model == b.model);
  CHECK(a.policy_tier == b.policy_tier);
  CHECK(a.fallbacks == b.fallbacks);
  CHECK(a.propensity == b.propensity);
  CHECK(a.snapshot == b.snapshot);
  CHECK(a.audit == b.audit);
  CHECK(a.quality.low == b.quality.low);
  CHECK(a.cost_usd.high == b.cost_usd.high);
  CHECK(a.latency_ms.value == b.latency_ms.value);
}

Feedback FeedbackOn(const DecisionId& id, double reward) {
  return {.feedback_id = id.ToString(), .decision_id = id, .reward = reward};
}

}  // namespace

TEST_CASE("a repeated request id gives the same decision, also after learning and a restart") {
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  const Decision first = MustRoute(*engine, Numbered("r1", "hello there", "acme"));
  CHECK_FALSE(first.replayed);
  Teach(*engine, 0, 40, {0, 0.5, 1});
  const Decision again = MustRoute(*engine, Numbered("r1", "hello there", "acme"));
  CHECK(again.replayed);
  CheckSameAnswer(first, again);
  CHECK(MustRoute(*engine, Numbered("r1", "hello there", "other")).id != first.id);
  CHECK(MustRoute(*engine, Numbered("", "hello there", "acme")).id != first.id);

  REQUIRE(engine->Close().ok());
  engine = MustOpen(store, ThreeTierConfig());
  const Decision restarted = MustRoute(*engine, Numbered("r1", "hello there", "acme"));
  CHECK(restarted.replayed);
  CheckSameAnswer(first, restarted);
}

TEST_CASE("eight threads that send the same request ids get one decision for each") {
  constexpr int kThreads = 8, kIds = 60;
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  std::vector<std::vector<DecisionId>> answers(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : answers) {
    threads.emplace_back([&] {
      for (int i = 0; i < kIds; ++i) {
        const auto decision = engine->Route(Numbered(std::to_string(i), PromptNumber(i)));
        mine.push_back(decision.ok() ? decision->id : DecisionId());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : answers) CHECK(mine == answers[0]);
  CHECK(answers[0][0] != DecisionId());
  CHECK(engine->Status().decisions == kIds);
  REQUIRE(engine->Close().ok());
  CHECK(ReadDecisions(store).size() == kIds);
}

TEST_CASE("feedback changes decisions once it is synced") {
  for (const PolicyKind kind : {PolicyKind::kThompson, PolicyKind::kLinUcb, PolicyKind::kIgw}) {
    Store store;
    Config config = ThreeTierConfig();
    config.policy.kind = kind;
    auto engine = MustOpen(store, config);
    const std::string prompt = "Translate this letter to French, please.";
    const Decision before = Look(*engine, prompt);
    Teach(*engine, 0, 400, {0, 0.6, 0.9}, 20);
    const Decision after = Look(*engine, prompt);
    CAPTURE(ToString(kind));
    CHECK(after.snapshot > before.snapshot);
    CHECK(before.tiers[0].propensity > 0.3);
    CHECK(after.tiers[0].propensity < 0.1 * before.tiers[0].propensity);
    CHECK(after.tiers[0].quality < after.tiers[2].quality - 0.1);
    CHECK(after.tiers[2].quality > 0.75);
    CHECK(engine->Status().observations == 400);
  }
}

TEST_CASE("outcomes teach cost and latency, and are settled by the price list") {
  Store store;
  Config config = ThreeTierConfig();
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "large";
  auto engine = MustOpen(store, config);
  const Decision before = Look(*engine, PromptNumber(1));
  for (int i = 0; i < 200; ++i) {
    const Decision decision = MustRoute(*engine, PromptNumber(i));
    Outcome outcome;
    outcome.decision_id = decision.id;
    outcome.input_tokens = 20;
    outcome.output_tokens = 2000;
    outcome.latency_ms = 9000;
    engine->RecordOutcome(outcome, [](const absl::StatusOr<Receipt>&) {});
  }
  REQUIRE(engine->Sync().ok());
  const Decision after = Look(*engine, PromptNumber(1));
  CHECK(after.tiers[2].cost_usd == Approx(15e-6 * 2000).epsilon(0.3));
  CHECK(after.tiers[2].latency_ms == Approx(9000).epsilon(0.2));
  CHECK(after.tiers[2].cost_usd > 2 * before.tiers[2].cost_usd);
  REQUIRE(engine->Close().ok());
  CHECK(SelectInteger(store, "SELECT min(cost_nanos) FROM outcomes") == 3 * 20 * 1000 + 15 * 2000 * 1000);
}

TEST_CASE("feedback sent twice counts once; unknown decisions and other tenants' are refused") {
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  const Decision decision = MustRoute(*engine, Numbered("", "hello", "acme"));
  Feedback feedback = FeedbackOn(decision.id, 0.25);
  CHECK(engine->RecordFeedback(feedback).status().code() == absl::StatusCode::kPermissionDenied);
  feedback.tenant = "acme";
  const auto first = engine->RecordFeedback(feedback);
  REQUIRE(first.ok());
  CHECK_FALSE(first->duplicate);
  const auto second = engine->RecordFeedback(feedback);
  REQUIRE(second.ok());
  CHECK(second->duplicate);
  feedback.reward = 0.5;
  CHECK(engine->RecordFeedback(feedback).status().code() == absl::StatusCode::kAlreadyExists);

  const DecisionId unknown = DecisionIdGenerator(99).Next(1'000'000);
  CHECK(engine->RecordFeedback(FeedbackOn(unknown, 1)).status().code() == absl::StatusCode::kNotFound);
  CHECK(engine->RecordOutcome({.decision_id = unknown}).status().code() == absl::StatusCode::kNotFound);
  CHECK(engine->RecordOutcome({.decision_id = decision.id}).status().code() == absl::StatusCode::kPermissionDenied);
  feedback.feedback_id = "another";
  feedback.reward = 1.5;
  CHECK(FieldOf(engine->RecordFeedback(feedback).status()) == std::string("reward"));
  CHECK(FieldOf(engine->RecordOutcome({.decision_id = decision.id, .tenant = "acme", .latency_ms = -1}).status()) ==
        std::string("latency_ms"));

  REQUIRE(engine->Sync().ok());
  CHECK(engine->Status().feedbacks == 1);
  CHECK(engine->Status().unknown_feedbacks == 1);
  CHECK(engine->Status().observations == 1);
}

TEST_CASE("a decision is explained to its own tenant alone") {
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  Teach(*engine, 0, 200, {0.2, 0.5, 0.9});
  const Decision decision = MustRoute(*engine, Numbered("", PromptNumber(3), "acme"));
  CHECK(engine->Explain(decision.id, "other").status().code() == absl::StatusCode::kPermissionDenied);
  CHECK(engine->Explain(DecisionIdGenerator(9).Next(1), "acme").status().code() == absl::StatusCode::kNotFound);
  const auto explanation = engine->Explain(decision.id, "acme");
  REQUIRE(explanation.ok());
  CHECK(explanation->tier == decision.tier);
  CHECK(explanation->snapshot == decision.snapshot);
  REQUIRE(explanation->tiers.size() == 3);
  double low = 0;  // the draw lies in the chosen tier's share of [0, 1)
  for (size_t k = 0; explanation->tiers[k].tier != decision.tier; ++k) low += explanation->tiers[k].propensity;
  CHECK(explanation->draw >= low);
  CHECK(explanation->draw < low + decision.propensity);
  CHECK_FALSE(explanation->contributions.empty());
  CHECK_FALSE(explanation->flips.empty());
}

TEST_CASE("apprentice mode follows the caller, learns from it and reports how often it agrees") {
  Store store;
  Config config = ThreeTierConfig();
  config.mode = Mode::kApprentice;
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "small";
  auto engine = MustOpen(store, config);
  for (int i = 0; i < 100; ++i) {
    RouteRequest request = Numbered("", PromptNumber(i));
    request.caller_tier = i % 4 == 0 ? "small" : "large";
    const Decision decision = MustRoute(*engine, request);
    CHECK(decision.tier == request.caller_tier);
    CHECK(decision.propensity == 1);
    Tell(*engine, decision, decision.tier == "large" ? 1 : 0);
  }
  REQUIRE(engine->Sync().ok());
  const EngineStatus status = engine->Status();
  CHECK(status.agreement_decisions == 100);
  CHECK(status.agreement == 0.25);
  CHECK(status.observations == 100);
  RouteRequest look = Numbered("", PromptNumber(1));
  look.caller_tier = "medium";
  look.dry_run = true;
  const Decision after = MustRoute(*engine, look);
  CHECK(after.tiers[2].quality > after.tiers[0].quality + 0.5);
}

TEST_CASE("log_only mode keeps everything and learns nothing") {
  Store store;
  Config config = ThreeTierConfig();
  config.mode = Mode::kLogOnly;
  auto engine = MustOpen(store, config);
  RouteRequest request = Numbered("", PromptNumber(1));
  request.caller_tier = "large";
  const double before = MustRoute(*engine, request).tiers[2].quality;
  for (int i = 0; i < 50; ++i) Tell(*engine, MustRoute(*engine, request), 0);
  REQUIRE(engine->Sync().ok());
  CHECK(MustRoute(*engine, request).tiers[2].quality == before);
  CHECK(engine->Status().observations == 0);
  CHECK(engine->Status().feedbacks == 50);
}

TEST_CASE("a bad request or configuration is refused with its field, and nothing is kept") {
  Store store;
  Config config = ThreeTierConfig();
  CHECK(FieldOf(Engine::Open({.config = config}).status()) == std::string("database"));
  config.tiers.clear();
  CHECK(Engine::Open({.config = config, .database = store.path()}).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK_FALSE(std::filesystem::exists(store.path()));
  auto engine = MustOpen(store, ThreeTierConfig());
  CHECK(FieldOf(engine->Route({}).status()) == std::string("prompt"));
  CHECK(engine->Status().decisions == 0);
  REQUIRE(engine->Close().ok());
  CHECK(engine->Close().ok());
  CHECK(engine->Route(Numbered("", "hello")).status().code() == absl::StatusCode::kUnavailable);
  CHECK(engine->RecordFeedback(FeedbackOn({}, 1)).status().code() == absl::StatusCode::kUnavailable);
  CHECK(engine->Reload(ThreeTierConfig()).code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(engine->Sync().ok());
}

}  // namespace suffice
