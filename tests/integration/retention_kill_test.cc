// kill -9 while old decisions are deleted, again and again: what is left is whole, and folds to the same statistics.
#include <fmt/format.h>
#include <sqlite3.h>

#include <chrono>
#include <csignal>

#include "base/clock.h"
#include "base/ids.h"
#include "catch.h"
#include "features/feature_set.h"
#include "integration/test_server.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr int kDecisions = 6000;
constexpr int kMostRounds = 12;
constexpr int kKept = 1;  // old ones: the one that has the newest outcome, from whose place the next one goes on
const std::string kPolicy = SUFFICE_SOURCE_DIR "/policies/two_tiers.yaml";
const std::vector<std::string> kKeepADay = {"--set", "log.keep_days=1"};

// Two days old, each with an outcome and a feedback.
void WriteOldLog(const std::string& path) {
  const auto config = LoadConfig(kPolicy);
  REQUIRE(config.ok());
  const FeatureSetPtr features = MakeCountedFeatures(config->features);
  auto log = OpenSqliteLog({.path = path, .durability = Durability::kNormal});
  REQUIRE(log.ok());
  REQUIRE((*log)->SaveConfig(config->Hash(), ConfigToYaml(*config)).ok());
  const int64_t start_us = Clock::System()->NowMicros() - 2 * 86'400'000'000;
  DecisionIdGenerator ids(3);
  for (int i = 0; i < kDecisions; ++i) {
    DecisionRecord decision{.id = ids.Next(start_us + i), .time_us = start_us + i};
    decision.tier = decision.policy_tier = i % 3 == 0 ? "large" : "small";
    decision.config_hash = config->Hash();
    decision.feature_version = features->version();
    Sketch sketch;
    SketchText(fmt::format("prompt {} of {}", i, i % 7), (*log)->salt(), sketch);
    decision.features.resize(static_cast<size_t>(features->dimensions()));
    features->Compute(sketch, decision.features);
    OutcomeRecord outcome{.time_us = decision.time_us};
    outcome.outcome = {.decision_id = decision.id, .output_tokens = 100 + i % 50, .latency_ms = 500};
    FeedbackRecord feedback{.time_us = decision.time_us};
    feedback.feedback = {.feedback_id = fmt::format("old-{}", i), .decision_id = decision.id, .reward = (i % 5) / 4.0};
    REQUIRE((*log)->AppendDecision(decision).ok());
    (*log)->AppendOutcome(outcome, nullptr);
    (*log)->AppendFeedback(feedback, nullptr);
  }
  REQUIRE((*log)->Close().ok());
}

int64_t Count(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
  sqlite3_busy_timeout(db, 5000);
  sqlite3_stmt* statement = nullptr;
  INFO(sql);
  REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
  const int64_t count = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return count;
}

int64_t Decisions(const std::string& path) { return Count(path, "SELECT count(*) FROM decisions"); }

void CheckWhole(const std::string& path) {
  for (const std::string table : {"outcomes", "feedback"}) {
    CHECK(Count(path, fmt::format("SELECT count(*) FROM {} WHERE decision_seq NOT IN (SELECT seq FROM decisions)",
                                  table)) == 0);
  }
  ChildProcess rebuild({"rebuild", "--config", kPolicy, "--db", path});
  const Exit rebuilt = rebuild.Wait();
  INFO(rebuild.out() << rebuild.err());
  CHECK(rebuilt.code == 0);
}

TEST_CASE("kill -9 while old decisions are deleted leaves a log that folds to the same statistics", "[integration]") {
  const TempFolder folder;
  const std::string path = folder.Path("log.db");
  WriteOldLog(path);
  int64_t told = 0;
  for (int round = 0; round < kMostRounds && Decisions(path) > told + kKept; ++round) {
    const int64_t before = Decisions(path);
    TestServer server(folder, kKeepADay);
    const std::string id = server.Route(fmt::format("new prompt {}", round)).decision_id();
    Context context;
    v1::FeedbackResponse response;
    REQUIRE(server.stub().Feedback(&context, MakeFeedback(id, fmt::format("new-{}", round), 0.5), &response).ok());
    ++told;
    // The last round is let to its end.
    const int64_t upto = round + 2 < kMostRounds ? before : told + kKept;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (Decisions(path) > upto && std::chrono::steady_clock::now() < deadline) {
    }
    CHECK(Decisions(path) <= upto);
    server.process().Signal(SIGKILL);
    CHECK(server.process().Wait().signal == SIGKILL);
    CheckWhole(path);
  }
  CHECK(Decisions(path) == told + kKept);
  TestServer server(folder, kKeepADay);
  CHECK(server.GetStatus().observations() == kDecisions + told);
  CHECK(server.Terminate().code == 0);
  CheckWhole(path);
}

}  // namespace
}  // namespace suffice
