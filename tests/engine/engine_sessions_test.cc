// The whole engine: conversations, dated prices, the wrong model and cold tiers, also across a restart.
#include <set>

#include "base/clock.h"
#include "catch.h"
#include "engine_testing.h"
#include "suffice/engine.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr int64_t kDay = 86'400'000'000;

Config Exploring() {
  Config config = ThreeTierConfig();
  config.policy.kind = PolicyKind::kRandom;
  return config;
}

RouteRequest In(const std::string& session, int n, const std::string& tenant = "") {
  RouteRequest request;
  request.session = session;
  request.tenant = tenant;
  request.prompt = PromptNumber(n);
  return request;
}

// Tells the outcome of a call and waits; `change` fills in more.
template <typename Change>
absl::Status Report(Engine& engine, const Decision& decision, Change change) {
  Outcome outcome;
  outcome.decision_id = decision.id;
  outcome.input_tokens = 1000;
  outcome.output_tokens = 100;
  outcome.latency_ms = 900;
  change(outcome);
  return engine.RecordOutcome(outcome).status();
}

}  // namespace

TEST_CASE("conversations keep their tiers, also across a restart") {
  Store store;
  auto engine = MustOpen(store, Exploring());
  std::vector<std::string> had;
  for (int s = 0; s < 20; ++s) {
    const Decision first = MustRoute(*engine, In(std::to_string(s), s));
    CHECK_FALSE(first.session_kept);
    had.push_back(first.tier);
  }
  CHECK(std::set<std::string>(had.begin(), had.end()).size() > 1);
  const auto all_keep = [&] {
    for (int s = 0; s < 20; ++s) {
      const Decision next = MustRoute(*engine, In(std::to_string(s), 100 + s));
      CHECK(next.tier == had[static_cast<size_t>(s)]);
      CHECK(next.session_kept);
      CHECK(next.propensity == 1);
      CHECK(next.fallbacks.size() == 2);
    }
  };
  all_keep();
  RouteRequest look = In("looked at", 1);
  look.dry_run = true;
  MustRoute(*engine, look);
  CHECK_FALSE(MustRoute(*engine, In("looked at", 1)).session_kept);
  CHECK_FALSE(MustRoute(*engine, In("0", 1, "another tenant")).session_kept);

  REQUIRE(engine->Close().ok());
  Config config = Exploring();
  config.serve.idempotency_window = 1;
  engine = MustOpen(store, config);
  all_keep();
  config.sessions.keep_tier = false;
  REQUIRE(engine->Reload(config).ok());
  int kept = 0;
  for (int i = 0; i < 50; ++i) kept += MustRoute(*engine, In("0", i)).tier == had[0];
  CHECK(kept < 50);
  REQUIRE(engine->Close().ok());
  CHECK(SelectInteger(store, "SELECT count(*) FROM decisions WHERE session_tier <> '' AND session_tier <> tier AND "
                             "session <> '0'") == 0);
}

TEST_CASE("in mode apprentice a conversation has the tier that the caller chose") {
  Store store;
  Config config = Exploring();
  config.mode = Mode::kApprentice;
  auto engine = MustOpen(store, config);
  for (const char* tier : {"large", "small", "medium"}) {
    RouteRequest request = In("s", 1);
    request.caller_tier = tier;
    CHECK(MustRoute(*engine, request).tier == tier);
  }
  config.mode = Mode::kLive;
  REQUIRE(engine->Reload(config).ok());
  const Decision live = MustRoute(*engine, In("s", 2));
  CHECK(live.tier == "medium");
  CHECK(live.session_kept);
}

TEST_CASE("a decision keeps its price list's version, and its outcome is settled by it after a change") {
  Store store;
  Config config = ThreeTierConfig();
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "large";
  const int64_t now_us = Clock::System()->NowMicros();
  config.tiers[2].price_changes = {{1'700'006'400'000'000, {2, 10, 0.2, 20}}, {now_us + 365 * kDay, {1, 1, {}, {}}}};
  auto engine = MustOpen(store, config);
  const Decision before = MustRoute(*engine, PromptNumber(1));
  CHECK(before.price_version == "2023-11-15T00:00:00+00:00");
  CHECK(Look(*engine, PromptNumber(1)).tiers[0].cost_usd > 0);
  CHECK(engine->Status().tiers[2].price_version == before.price_version);
  CHECK(engine->Status().tiers[0].price_version == "base");

  config.tiers[2].price_changes = {{now_us - kDay, {7, 7, 7, 7}}};  // a reload between decision and outcome
  REQUIRE(engine->Reload(config).ok());
  const Decision after = MustRoute(*engine, PromptNumber(1));
  CHECK(after.price_version != before.price_version);
  REQUIRE(Report(*engine, before, [](Outcome& outcome) {
            outcome.cached_input_tokens = 600;
            outcome.reasoning_tokens = 40;
          }).ok());
  REQUIRE(Report(*engine, after, [](Outcome&) {}).ok());
  REQUIRE(engine->Close().ok());
  CHECK(SelectInteger(store, "SELECT cost_nanos FROM outcomes WHERE decision_seq = 1") ==
        400 * 2000 + 600 * 200 + 60 * 10'000 + 40 * 20'000);
  CHECK(SelectInteger(store, "SELECT cost_nanos FROM outcomes WHERE decision_seq = 2") == 1100 * 7000);
  CHECK(SelectInteger(store, "SELECT count(DISTINCT price_version) FROM decisions") == 2);
}

TEST_CASE("another model's answer is counted and kept, costs money, and teaches nothing") {
  Store store;
  Config config = ThreeTierConfig();
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "large";
  auto engine = MustOpen(store, config);
  const Decision before = Look(*engine, PromptNumber(1));
  for (int i = 0; i < 30; ++i) {
    const Decision decision = MustRoute(*engine, PromptNumber(i));
    REQUIRE(Report(*engine, decision, [](Outcome& outcome) { outcome.served_model = "something-else"; }).ok());
    Tell(*engine, decision, 0);
  }
  REQUIRE(engine->Sync().ok());
  CheckSamePredictions(Look(*engine, PromptNumber(1)), before);
  CHECK(engine->Status().wrong_model_outcomes == 30);
  CHECK(engine->Status().outcomes == 30);
  const Decision decision = MustRoute(*engine, PromptNumber(1));
  REQUIRE(Report(*engine, decision, [](Outcome& outcome) { outcome.served_model = "m-large-20250101"; }).ok());
  REQUIRE(engine->Sync().ok());
  CHECK(engine->Status().wrong_model_outcomes == 30);
  CHECK(Look(*engine, PromptNumber(1)).tiers[2].latency_ms != before.tiers[2].latency_ms);
  REQUIRE(engine->Close().ok());
  CHECK(SelectInteger(store, "SELECT count(*) FROM outcomes WHERE wrong_model = 1 AND cost_nanos = 4500000") == 30);
}

TEST_CASE("tokens that are a part of others are no more than these") {
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  const Decision decision = MustRoute(*engine, PromptNumber(1));
  const auto field = [&](auto change) { return FieldOf(Report(*engine, decision, change)).value_or("none"); };
  CHECK(field([](Outcome& o) { o.cached_input_tokens = 1001; }) == "cached_input_tokens");
  CHECK(field([](Outcome& o) { o.reasoning_tokens = 101; }) == "reasoning_tokens");
  CHECK(field([](Outcome& o) { o.reasoning_tokens = -1; }) == "reasoning_tokens");
  CHECK(field([](Outcome& o) { o.output_tokens = 2'000'000'000; }) == "output_tokens");
  CHECK(field([](Outcome& o) { o.served_model = std::string(257, 'm'); }) == "served_model");
  CHECK(field([](Outcome& o) {
          o.cached_input_tokens = 1000;
          o.reasoning_tokens = 100;
        }) == "none");
}

TEST_CASE("a tier that was never used is cold, then warm, also after a restart; its start is not learned") {
  Store store;
  Config config = ThreeTierConfig();
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "large";
  config.tiers[2].keep_warm_s = 3600;
  config.tiers[2].cold_start_ms = 60'000;
  auto engine = MustOpen(store, config);
  CHECK(engine->Status().tiers[2].cold);
  CHECK_FALSE(engine->Status().tiers[0].cold);
  const Decision first = MustRoute(*engine, PromptNumber(1));
  CHECK(first.latency_ms.value > 60'000);
  CHECK(first.tiers[2].start_ms == 60'000);
  REQUIRE(Report(*engine, first, [](Outcome& outcome) { outcome.latency_ms = 60'900; }).ok());
  const Decision second = MustRoute(*engine, PromptNumber(1));
  CHECK(second.tiers[2].start_ms == 0);
  REQUIRE(engine->Sync().ok());
  CHECK_FALSE(engine->Status().tiers[2].cold);
  CHECK(Look(*engine, PromptNumber(1)).latency_ms.value < 2500);
  REQUIRE(engine->Close().ok());
  engine = MustOpen(store, config);
  CHECK_FALSE(engine->Status().tiers[2].cold);
  CHECK(MustRoute(*engine, PromptNumber(2)).tiers[2].start_ms == 0);
  REQUIRE(engine->Close().ok());
  CHECK(ReadDecisions(store)[0].tiers[2].start_ms == 60'000);
}

}  // namespace suffice
