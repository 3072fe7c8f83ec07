// What the engine's decisions leave in the database.
#include <map>

#include "catch.h"
#include "engine/decide.h"
#include "engine_testing.h"
#include "log/event_log.h"
#include "suffice/engine.h"

namespace suffice {
namespace {

// Configurations of the store by hash, as saved.
std::map<std::string, Config> ConfigsOf(const Store& store, const std::vector<DecisionRecord>& decisions) {
  auto log = OpenSqliteLog({.path = store.path()});
  REQUIRE(log.ok());
  std::map<std::string, Config> configs;
  for (const DecisionRecord& decision : decisions) {
    if (configs.contains(decision.config_hash)) continue;
    const auto text = (*log)->LoadConfigText(decision.config_hash);
    REQUIRE(text.ok());
    const auto config = ParseConfig(*text, decision.config_hash);
    REQUIRE(config.ok());
    configs.emplace(decision.config_hash, *config);
  }
  return configs;
}

}  // namespace

TEST_CASE("every logged decision is derived again from its row and its configuration alone") {
  for (const PolicyKind kind : {PolicyKind::kThompson, PolicyKind::kLinUcb, PolicyKind::kIgw}) {
    Store store;
    Config config = ThreeTierConfig();
    config.policy.kind = kind;
    auto engine = MustOpen(store, config);
    Teach(*engine, 0, 1000, {0.4, 0.5, 0.6}, 100);
    config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 30};
    REQUIRE(engine->Reload(config).ok());
    Teach(*engine, 1000, 3400, {0.4, 0.5, 0.6}, 100);
    REQUIRE(engine->Close().ok());

    const std::vector<DecisionRecord> decisions = ReadDecisions(store);
    REQUIRE(decisions.size() == 3400);
    const std::map<std::string, Config> configs = ConfigsOf(store, decisions);
    CHECK(configs.size() == 2);
    int explored = 0;
    for (const DecisionRecord& decision : decisions) {
      const Config& made_with = configs.at(decision.config_hash);
      const Rederived again = Rederive(decision, made_with.policy);
      REQUIRE(again.tier == decision.tier);
      double sum = 0;
      for (size_t k = 0; k < decision.tiers.size(); ++k) {
        REQUIRE(again.propensities[k] == decision.tiers[k].propensity);
        if (decision.tiers[k].tier == decision.tier) REQUIRE(decision.propensity == again.propensities[k]);
        sum += again.propensities[k];
      }
      REQUIRE(std::abs(sum - 1) < 1e-12);
      explored += decision.propensity < 0.5;
    }
    CHECK(explored > 0);
  }
}

TEST_CASE("a dry run leaves no row") {
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  for (int i = 0; i < 20; ++i) Look(*engine, PromptNumber(i));
  RouteRequest request;
  request.request_id = "r1";
  request.prompt = "hello";
  request.dry_run = true;
  const Decision dry = MustRoute(*engine, request);
  request.dry_run = false;
  const Decision real = MustRoute(*engine, request);
  CHECK(real.id != dry.id);
  CHECK_FALSE(real.replayed);
  CHECK(engine->RecordFeedback({.feedback_id = "f", .decision_id = dry.id, .reward = 1}).status().code() ==
        absl::StatusCode::kNotFound);
  CHECK(engine->Status().decisions == 1);
  REQUIRE(engine->Close().ok());
  const auto decisions = ReadDecisions(store);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].id == real.id);
}

TEST_CASE("half of the rows are kept when told so, the rest is counted, and each row says with what probability") {
  Store store;
  Config config = ThreeTierConfig();
  config.log.keep_probability = 0.5;
  auto engine = MustOpen(store, config);
  std::vector<Decision> answers;
  for (int i = 0; i < 2000; ++i) answers.push_back(MustRoute(*engine, PromptNumber(i)));
  REQUIRE(engine->Sync().ok());
  const int64_t dropped = engine->Status().dropped_decision_rows;
  CHECK(dropped > 880);  // 5 standard deviations
  CHECK(dropped < 1120);
  int64_t unknown = 0;
  for (const Decision& answer : answers) {
    const auto receipt =
        answer.tier == "small"
            ? engine->RecordFeedback({.feedback_id = answer.id.ToString(), .decision_id = answer.id, .reward = 1})
            : absl::StatusOr<Receipt>(Receipt{});
    unknown += receipt.status().code() == absl::StatusCode::kNotFound;
  }
  CHECK(unknown > 0);
  CHECK(engine->Status().unknown_feedbacks == unknown);
  REQUIRE(engine->Close().ok());
  CHECK(SelectInteger(store, "SELECT count(*) FROM decisions WHERE keep_probability = 0.5") == 2000 - dropped);
  CHECK(SelectInteger(store, "SELECT count(*) FROM decisions") == 2000 - dropped);
  CHECK(SelectInteger(store, "SELECT count(*) FROM orphans") == unknown);
}

TEST_CASE("log.prompts says what is kept of a prompt") {
  const std::string secret = "xylophone";
  for (const PromptLogging prompts : {PromptLogging::kFull, PromptLogging::kSketch, PromptLogging::kNone}) {
    Store store;
    Config config = ThreeTierConfig();
    config.log.prompts = prompts;
    auto engine = MustOpen(store, config);
    for (int i = 0; i < 10; ++i) MustRoute(*engine, "Tune my " + secret + " number " + std::to_string(i));
    REQUIRE(engine->Close().ok());
    CAPTURE(ToString(prompts));
    const int full = prompts == PromptLogging::kFull ? 10 : 0, sketched = prompts == PromptLogging::kNone ? 0 : 10;
    CHECK(SelectInteger(store, "SELECT count(*) FROM decisions WHERE prompt LIKE 'Tune my " + secret + "%'") == full);
    CHECK(SelectInteger(store, "SELECT count(prompt) FROM decisions") == full);
    CHECK(SelectInteger(store, "SELECT count(*) FROM decisions WHERE length(sketch) > 0") == sketched);
    CHECK(SelectInteger(store, "SELECT count(*) FROM decisions WHERE length(features) > 100") == 10);
    if (full == 0) CHECK_FALSE(FilesContain(store, secret));
  }
}

}  // namespace suffice
