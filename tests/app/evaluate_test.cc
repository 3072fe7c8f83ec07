// `suffice evaluate` from the command line, on the file of an engine that has served.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/app.h"
#include "catch.h"
#include "evaluation/example_traffic.h"
#include "fake_io.h"
#include "suffice/engine.h"
#include "temp_folder.h"

namespace suffice {
namespace {

int Run(FakeIo& fake, std::vector<std::string> args) {
  args.insert(args.begin(), "evaluate");
  return RunSuffice(args, fake.io);
}

void Drive(Engine& engine, const Traffic& traffic) {
  for (const TrafficRow& row : traffic.rows) {
    RouteRequest request;
    request.prompt = row.prompt;
    const auto decision = engine.Route(request);
    REQUIRE(decision.ok());
    const auto tier = std::find(traffic.tier_names.begin(), traffic.tier_names.end(), decision->tier);
    const TrafficTier& answer = row.tiers[static_cast<size_t>(tier - traffic.tier_names.begin())];
    Outcome outcome;
    outcome.decision_id = decision->id;
    outcome.input_tokens = answer.input_tokens;
    outcome.output_tokens = answer.output_tokens;
    outcome.cost_usd = answer.cost_usd;
    outcome.latency_ms = answer.latency_ms;
    engine.RecordOutcome(outcome, nullptr);
    engine.RecordFeedback(
        {.feedback_id = decision->id.ToString(), .decision_id = decision->id, .reward = answer.quality}, nullptr);
  }
  REQUIRE(engine.Sync().ok());
}

}  // namespace

TEST_CASE("evaluate prints policies beside the serving one, while it serves, and writes JSON") {
  const TempFolder folder;
  Config config;
  config.tiers = ExampleTiers();
  config.policy.kind = PolicyKind::kRandom;
  const std::string db = folder.Path("suffice.db");
  auto engine = Engine::Open({.config = config, .database = db});
  REQUIRE(engine.ok());
  Drive(**engine, ExampleTraffic(2, 400));
  config.policy.kind = PolicyKind::kThompson;
  std::ofstream(folder.Path("next.yaml")) << ConfigToYaml(config);

  FakeIo fake;
  const int code = Run(fake, {"--db", db, "--policy", folder.Path("next.yaml"), "--rewards", "all", "--confidence", "0.9",
                              "--report", folder.Path("r.json")});
  INFO(fake.err.str());
  REQUIRE(code == kExitOk);
  for (const char* const words : {"serving (as logged)", "next.yaml", "always cheap (small)", "always strong (large)",
                                  "random", "five rules", "Switch-DR", "at every look"}) {
    CAPTURE(words);
    CHECK(fake.out.str().find(words) != std::string::npos);
  }
  std::ifstream file(folder.Path("r.json"));
  const auto report = nlohmann::json::parse(file);
  CHECK(report["rows"] == 400);
  CHECK(report["rewarded"] == 400);
  CHECK(report["confidence"] == 0.9);
  CHECK(report["policies"].size() == 6);
  CHECK((*engine)->Close().ok());
}

TEST_CASE("evaluate says what is missing") {
  const TempFolder folder;
  FakeIo none;
  CHECK(Run(none, {}) == kExitUsage);
  CHECK(none.err.str().find("--db") != std::string::npos);
  FakeIo file;
  CHECK(Run(file, {"--db", folder.Path("none.db")}) == kExitFailure);
  CHECK(file.err.str().find("none.db") != std::string::npos);
  FakeIo rewards;
  CHECK(Run(rewards, {"--db", folder.Path("none.db"), "--rewards", "some"}) == kExitUsage);
  CHECK(rewards.err.str().find("audited") != std::string::npos);
}

}  // namespace suffice
