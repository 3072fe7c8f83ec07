// `suffice plan` from the command line: on recorded traffic, and on the log of an engine that is still writing it.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/app.h"
#include "catch.h"
#include "evaluation/example_traffic.h"
#include "fake_io.h"
#include "suffice/engine.h"
#include "temp_folder.h"

namespace suffice {
namespace {

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Config ExampleConfig() {
  Config config;
  config.tiers = ExampleTiers();
  return config;
}

// A policy file with the example's tiers.
std::string WritePolicy(const TempFolder& folder) {
  std::ofstream(folder.Path("policy.yaml")) << ConfigToYaml(ExampleConfig());
  return folder.Path("policy.yaml");
}

// Routes the rows and, if asked, tells what came of each.
void Drive(Engine& engine, const Traffic& traffic, bool tell) {
  for (const TrafficRow& row : traffic.rows) {
    RouteRequest request;
    request.prompt = row.prompt;
    const auto decision = engine.Route(request);
    REQUIRE(decision.ok());
    if (!tell) continue;
    const auto tier = std::find(traffic.tier_names.begin(), traffic.tier_names.end(), decision->tier);
    const TrafficTier& answer = row.tiers[static_cast<size_t>(tier - traffic.tier_names.begin())];
    Outcome outcome;
    outcome.decision_id = decision->id;
    outcome.input_tokens = answer.input_tokens;
    outcome.output_tokens = answer.output_tokens;
    outcome.cost_usd = answer.cost_usd;
    outcome.latency_ms = answer.latency_ms;
    engine.RecordOutcome(outcome, nullptr);
    engine.RecordFeedback({.feedback_id = decision->id.ToString(), .decision_id = decision->id, .reward = answer.quality},
                          nullptr);
  }
  REQUIRE(engine.Sync().ok());
}

TEST_CASE("plan on recorded traffic prints a table and writes JSON and a page") {
  const TempFolder folder;
  FakeIo made;
  REQUIRE(RunSuffice({"generate-traffic", "--rows", "600", "--out", folder.Path("traffic.jsonl")}, made.io) == kExitOk);
  FakeIo fake;
  const int code = RunSuffice(
      {"plan", "--config", SUFFICE_SOURCE_DIR "/policies/three_tiers.yaml", "--tiers-from-traffic", "--traffic",
       folder.Path("traffic.jsonl"), "--set", "objective.kind=max_quality", "--set", "limits.cost.mean_usd=4e-4",
       "--requests-per-day", "1000", "--what-if", "limits.cost.mean_usd=8e-4,limits.latency.p95_ms=5000", "--what-if",
       "objective.kind=min_cost,limits.quality.floor=0.6", "--report", folder.Path("r.json"), "--html", folder.Path("p.html")},
      fake.io);
  INFO(fake.err.str());
  REQUIRE(code == kExitOk);
  const std::string table = fake.out.str();
  CHECK(table.find("as configured") != std::string::npos);
  CHECK(table.find("always large") != std::string::npos);
  CHECK(table.find("one dollar a day more: quality +") != std::string::npos);
  const auto report = nlohmann::json::parse(ReadAll(folder.Path("r.json")));
  REQUIRE(report["scenarios"].size() == 3);
  CHECK(report["today"].is_null());
  CHECK(report["scenarios"][0]["expected"]["usd_a_day"].get<double>() == Approx(0.4).epsilon(1e-6));
  CHECK(report["scenarios"][1]["limits"].size() == 2);
  CHECK(report["scenarios"][2]["objective"] == "min_cost");
  CHECK(ReadAll(folder.Path("p.html")).find("<svg") != std::string::npos);
}

TEST_CASE("plan reads the log of an engine that is running, and says where it is today") {
  const TempFolder folder;
  const std::string policy = WritePolicy(folder), db = folder.Path("suffice.db");
  auto engine = Engine::Open({.config = ExampleConfig(), .database = db});
  REQUIRE(engine.ok());
  Drive(**engine, ExampleTraffic(2, 400), /*tell=*/true);
  const auto plan = [&](const char* rows) {
    FakeIo fake;
    const int code = RunSuffice({"plan", "--config", policy, "--db", db, "--rows", rows, "--requests-per-day", "100000",
                                 "--set", "limits.latency.p95_ms=8000", "--set",
                                 "limits.cost.budgets=[{name: daily, usd: 60, kind: soft}]", "--report",
                                 folder.Path("r.json")},
                                fake.io);
    INFO(fake.err.str());
    REQUIRE(code == kExitOk);
    CHECK(fake.out.str().find("today, observed") != std::string::npos);
    return nlohmann::json::parse(ReadAll(folder.Path("r.json")));
  };
  auto report = plan("300");
  CHECK(report["today"]["decisions"] == 300);
  CHECK(report["today"]["rated"] == 300);
  CHECK(report["today"]["quality"]["low"] < report["today"]["quality"]["mean"]);
  CHECK(report["today"]["quality"]["predicted"].get<double>() ==
        Approx(report["today"]["quality"]["mean"].get<double>()).margin(0.05));
  REQUIRE(report["scenarios"].size() == 1);
  CHECK(report["scenarios"][0]["limits"][0]["name"] == "cost.daily");
  CHECK(report["scenarios"][0]["expected"]["usd_a_day"].get<double>() <= 60.01);
  // What the engine writes later is seen, and planning wrote nothing.
  Drive(**engine, ExampleTraffic(3, 50), /*tell=*/true);
  report = plan("100000");
  CHECK(report["today"]["decisions"] == 450);
  CHECK((*engine)->Close().ok());
}

TEST_CASE("plan says what is missing") {
  const TempFolder folder;
  const std::string policy = WritePolicy(folder), db = folder.Path("suffice.db");
  const auto fails = [&](std::vector<std::string> args, ExitCode expected, const std::string& words) {
    FakeIo fake;
    args.insert(args.begin(), {"plan", "--config", policy});
    CHECK(RunSuffice(args, fake.io) == expected);
    INFO(fake.err.str());
    CHECK(fake.err.str().find(words) != std::string::npos);
  };
  fails({}, kExitUsage, "either --db or --traffic");
  fails({"--db", "a", "--traffic", "b"}, kExitUsage, "either --db or --traffic");
  fails({"--db", "a", "--warmup", "b"}, kExitUsage, "--warmup goes with --traffic");
  fails({"--db", folder.Path("none.db")}, kExitFailure, "none.db: no such file");
  fails({"--db", policy}, kExitFailure, "is not a SQLite database");

  auto engine = Engine::Open({.config = ExampleConfig(), .database = db});
  REQUIRE(engine.ok());
  fails({"--db", db}, kExitFailure, "no decisions yet");
  Drive(**engine, ExampleTraffic(2, 5), /*tell=*/false);
  fails({"--db", db}, kExitFailure, "0 outcomes");
  Drive(**engine, ExampleTraffic(2, 20), /*tell=*/true);
  fails({"--db", db, "--what-if", "limits.cost.maen_usd=1"}, kExitFailure, "--what-if limits.cost.maen_usd");

  FakeIo made;
  REQUIRE(RunSuffice({"generate-traffic", "--rows", "50", "--out", folder.Path("t.jsonl")}, made.io) == kExitOk);
  fails({"--traffic", folder.Path("t.jsonl"), "--set", "limits.cost.budgets=[{name: daily, usd: 60, kind: soft}]"}, kExitFailure,
        "requests-per-day: expected the requests of a day, to see what budget daily means");
}

}  // namespace
}  // namespace suffice
