// The log that a replay leaves: as if a server had made it.
#include "evaluation/replay_log.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "catch.h"
#include "evaluation/example_traffic.h"
#include "evaluation/replay.h"
#include "learner/learner.h"
#include "log/log_export.h"
#include "log/log_import.h"
#include "suffice/engine.h"
#include "suffice/status.h"
#include "temp_folder.h"

namespace suffice {
namespace {

ReplayOptions WithLog(const std::string& db) {
  ReplayOptions options;
  options.config.tiers = ExampleTiers();
  options.config.policy.kind = PolicyKind::kThompson;
  options.config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 60};
  options.config.features.fit_after_prompts = 400;  // a projection is fitted under way
  options.config.features.dimensions = 16;
  options.config.log.prompts = PromptLogging::kFull;
  options.traffic = ExampleTraffic(1, 600);
  options.warmup = ExampleTraffic(2, 50);
  options.feedback_delay = 10;
  options.db = db;
  return options;
}

ReplayReport MustReplay(const ReplayOptions& options) {
  auto report = Replay(options);
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  report->decide_us_p50 = report->decide_us_p99 = 0;  // what depends on the machine
  return *std::move(report);
}

std::unique_ptr<EventLog> MustOpenLog(const std::string& db) {
  auto log = OpenSqliteLog({.path = db});
  INFO(log.status().ToString());
  REQUIRE(log.ok());
  return *std::move(log);
}

}  // namespace

TEST_CASE("a replay's log has everything, and comes to the statistics that it kept") {
  const TempFolder folder;
  const ReplayOptions options = WithLog(folder.Path("replay.db"));
  MustReplay(options);
  const auto log = MustOpenLog(options.db);
  int64_t live = 0, evaluations = 0;
  REQUIRE(log->ScanDecisions(0, 1 << 20,
                             [&](const DecisionRecord& decision) {
                               (decision.origin == DecisionOrigin::kEval ? evaluations : live) += 1;
                               CHECK(decision.prompt.has_value());
                               const auto found = log->Find(decision.id);
                               REQUIRE((found.ok() && *found));
                               CHECK((*found)->outcome.has_value());
                               CHECK((*found)->feedback.size() == 1);
                               CHECK(log->LoadConfigText(decision.config_hash).ok());
                               return true;
                             })
              .ok());
  CHECK(live == 600);
  CHECK(evaluations == 150);

  const auto newest = log->NewestSnapshotWithState();
  REQUIRE((newest.ok() && *newest));
  CHECK((*newest)->cursor == LogCursor{750, 750});
  CHECK((*newest)->number == log->NewestSnapshotNumber().value());
  const auto config = std::make_shared<const Config>(options.config);
  const auto kept = Learner::Resume(log.get(), config);
  REQUIRE(kept.ok());
  CHECK(kept->cursor() == (*newest)->cursor);
  CHECK(kept->features()->kind() == "svd");
  Learner scratch(log.get(), config, kept->features());
  REQUIRE(scratch.CatchUpFully().ok());
  CHECK(RelativeDifference(kept->statistics(), scratch.statistics()) < 1e-9);
}

TEST_CASE("statistics of an imported log are those of the exported one") {
  const TempFolder folder;
  const ReplayOptions options = WithLog(folder.Path("replay.db"));
  MustReplay(options);
  std::ofstream lines(folder.Path("log.jsonl"), std::ios::binary);
  REQUIRE(ExportLog(options.db, lines).ok());
  lines.close();
  REQUIRE(ImportLog(folder.Path("log.jsonl"), folder.Path("imported.db")).ok());
  const auto config = std::make_shared<const Config>(options.config);
  const auto log = MustOpenLog(options.db), imported = MustOpenLog(folder.Path("imported.db"));
  const auto kept = Learner::Resume(log.get(), config), resumed = Learner::Resume(imported.get(), config);
  REQUIRE((kept.ok() && resumed.ok()));
  CHECK(resumed->statistics().Serialize() == kept->statistics().Serialize());
  Learner scratch(log.get(), config, kept->features()), rebuilt(imported.get(), config, resumed->features());
  REQUIRE((scratch.CatchUpFully().ok() && rebuilt.CatchUpFully().ok()));
  CHECK(rebuilt.statistics().Serialize() == scratch.statistics().Serialize());
}

TEST_CASE("an engine goes on from a replay's log") {
  const TempFolder folder;
  const ReplayOptions options = WithLog(folder.Path("replay.db"));
  MustReplay(options);
  const auto engine = Engine::Open({.config = options.config, .database = options.db});
  INFO(engine.status().ToString());
  REQUIRE(engine.ok());
  const EngineStatus before = (*engine)->Status();
  CHECK(before.observations == 750);
  const auto decision = (*engine)->Route({.prompt = "Prove that there are infinitely many primes."});
  REQUIRE(decision.ok());
  REQUIRE((*engine)->RecordFeedback({.feedback_id = "f", .decision_id = decision->id, .reward = 1}).ok());
  REQUIRE((*engine)->Sync().ok());
  CHECK((*engine)->Status().observations == 751);
  CHECK((*engine)->Status().feature_set == before.feature_set);
}

TEST_CASE("a replay comes to the same with a log and without, and only its first run leaves one") {
  const TempFolder folder;
  ReplayOptions options = WithLog(folder.Path("replay.db"));
  options.seeds = 2;
  const std::string with = ToJson(MustReplay(options));
  CHECK(folder.files() == 1);
  options.db.clear();
  CHECK(ToJson(MustReplay(options)) == with);
}

TEST_CASE("a log is never written over, and a failed replay leaves none") {
  const TempFolder folder;
  ReplayOptions options = WithLog(folder.Path("replay.db"));
  std::ofstream(options.db) << "mine";
  const absl::Status refused = Replay(options).status();
  CHECK(FieldOf(refused).value_or("none") == "db");
  CHECK(std::string(refused.message()).find("not there yet") != std::string::npos);
  std::string text;
  std::ifstream(options.db) >> text;
  CHECK(text == "mine");

  options.db = folder.Path("other.db");
  options.config.log.keep_probability = 0.5;
  CHECK(FieldOf(Replay(options).status()).value_or("none") == "log.keep_probability");
  options.config.log.keep_probability = 1;
  options.config.features.file = folder.Path("missing.sfx");
  CHECK_FALSE(Replay(options).ok());
  options.config.features.file.clear();
  options.db = folder.Path("missing/replay.db");
  CHECK(FieldOf(Replay(options).status()).value_or("none") == "db");
  CHECK(folder.files() == 1);
}

TEST_CASE("a file that is not committed goes away") {
  const TempFolder folder;
  {
    auto log = ReplayLog::Open(7, folder.Path("a.db"));
    REQUIRE(log.ok());
    CHECK(folder.files() > 0);
  }
  CHECK(folder.files() == 0);
}

}  // namespace suffice
