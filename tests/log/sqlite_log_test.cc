// What the log on SQLite does beyond the conformance tests: it lasts, it is alone, and it bears a full queue and a bad
// row.
#include <fmt/format.h>

#include <filesystem>

#include "absl/synchronization/notification.h"
#include "catch.h"
#include "log/log_testing.h"
#include "log/sqlite.h"
#include "log/tail_reader.h"

namespace suffice {
namespace {

bool Mentions(const absl::Status& status, std::string_view words) {
  return std::string(status.message()).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("everything is there after closing and opening again", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  const DecisionRecord decision = TestDecision(1, "strong");
  uint64_t salt = 0;
  {
    const auto log = OpenForTest({.path = path});
    salt = log->salt();
    Append(*log, decision);
    Append(*log, TestDecision(2, "cheap"));
    Append(*log, TestDecision(3, "strong"));
    REQUIRE(Record(*log, TestOutcome(decision)).ok());
    REQUIRE(Record(*log, TestFeedback(decision, "f")).ok());
    REQUIRE(log->SaveConfig("h", "yaml").ok());
    REQUIRE(log->SaveFeatureSet(9, "set").ok());
    REQUIRE(log->SaveSnapshot({.number = 4, .state = "state"}).ok());
    Append(*log, TestDecision(4, "new"));  // closing commits what is queued
  }
  const auto log = OpenForTest({.path = path, .salt_if_new = salt + 1});
  CHECK(log->salt() == salt);
  const ObservedDecision found = MustFind(*log, decision.id);
  CheckSame(found.decision, decision);
  REQUIRE(found.outcome.has_value());
  CheckSame(found.outcome->outcome, TestOutcome(decision).outcome);
  REQUIRE(found.feedback.size() == 1);
  CHECK(*log->LoadConfigText("h") == "yaml");
  CHECK(*log->LoadFeatureSet(9) == "set");
  CHECK((*log->NewestSnapshotWithState())->state == "state");
  CHECK(Record(*log, TestFeedback(decision, "f"))->duplicate);
  CHECK(log->counters().decisions == 0);  // since open

  Append(*log, TestDecision(5, "strong"));
  Append(*log, TestDecision(6, "cheap"));
  Append(*log, TestDecision(7, "new"));
  REQUIRE(log->Flush().ok());
  CHECK(MustFind(*log, TestId(5)).decision.tier_ordinal == 2);
  CHECK(MustFind(*log, TestId(6)).decision.tier_ordinal == 1);
  CHECK(MustFind(*log, TestId(7)).decision.tier_ordinal == 1);
  CHECK(MustFind(*log, TestId(7)).decision.seq == 7);
}

TEST_CASE("rows that nobody waits for reach the disk by themselves, and at once with one that somebody waits for", "[log]") {
  const TempDir folder;
  const auto log = OpenForTest({.path = folder.File("log.db")});
  absl::Notification told;
  REQUIRE(log->AppendDecision(TestDecision(1)).ok());
  REQUIRE(log->AppendDecision(TestDecision(2), [&](const absl::StatusOr<Receipt>&) { told.Notify(); },
                              EventLog::WhenFailed::kRetry)
              .ok());
  REQUIRE(told.WaitForNotificationWithTimeout(absl::Seconds(30)));
  CHECK(log->counters().decisions == 2);
  CHECK(log->counters().queued == 0);

  REQUIRE(log->AppendDecision(TestDecision(3)).ok());
  REQUIRE(Record(*log, TestFeedback(TestDecision(3), "f")).ok());
  CHECK(log->counters().decisions == 3);
  for (uint32_t n = 4; n < 4 + 3000; ++n) REQUIRE(log->AppendDecision(TestDecision(n)).ok());
  REQUIRE(log->Flush().ok());
  CHECK(log->counters().decisions == 3003);
}

TEST_CASE("a tier's sequence goes on after its decisions are deleted and the log is opened again", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  {
    const auto log = OpenForTest({.path = path});
    for (uint32_t i = 1; i <= 5; ++i) Append(*log, TestDecision(i, i < 4 ? "old" : "new"));
    const auto deleted = log->DeleteDecisions({.before_us = INT64_MAX, .limit = 100});
    REQUIRE(deleted.ok());
    CHECK(deleted->decisions == 4);
  }
  const auto log = OpenForTest({.path = path});
  for (uint32_t i = 6; i <= 7; ++i) Append(*log, TestDecision(i, i == 6 ? "old" : "new"));
  REQUIRE(log->Flush().ok());
  CHECK(MustFind(*log, TestId(6)).decision.tier_ordinal == 3);
  CHECK(MustFind(*log, TestId(7)).decision.tier_ordinal == 2);
  CHECK(MustFind(*log, TestId(7)).decision.seq == 7);
}

TEST_CASE("what follows the log finds its rows by a key, however many there are", "[log]") {
  const TempDir folder;
  (void)OpenForTest({.path = folder.File("log.db")});
  auto database = Database::Open(folder.File("log.db"), Database::Access::kReadOnly);
  REQUIRE(database.ok());
  for (const std::string& query : TailReader::Queries()) {
    auto plan = database->Prepare("EXPLAIN QUERY PLAN " + query);
    REQUIRE(plan.ok());
    int steps = 0;
    for (auto row = plan->Step(); *row; row = plan->Step(), ++steps) {
      INFO(query << ": " << plan->String(3));
      CHECK(plan->String(3).starts_with("SEARCH "));
    }
    CHECK(steps == 1);  // no sorting
  }
}

TEST_CASE("each new file has a salt of its own, or the one asked for", "[log]") {
  const TempDir folder;
  const auto first = OpenForTest({.path = folder.File("a.db")});
  const auto second = OpenForTest({.path = folder.File("b.db")});
  const auto third = OpenForTest({.path = folder.File("c.db"), .salt_if_new = ~0ULL});
  CHECK(first->salt() != second->salt());
  CHECK(third->salt() == ~0ULL);
}

TEST_CASE("a file is open for writing once", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  const auto log = OpenForTest({.path = path});
  const auto second = OpenSqliteLog({.path = path});
  CHECK(second.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(Mentions(second.status(), path));
  std::filesystem::create_symlink(path, folder.File("link.db"));
  CHECK(OpenSqliteLog({.path = folder.File("link.db")}).status().code() == absl::StatusCode::kFailedPrecondition);
  REQUIRE(log->Close().ok());
  CHECK(OpenSqliteLog({.path = path}).ok());
}

TEST_CASE("what arrives for unknown decisions is kept apart", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  {
    const auto log = OpenForTest({.path = path});
    CHECK_FALSE(Record(*log, TestFeedback(TestDecision(8), "quote\"d", 0.25)).ok());
    CHECK_FALSE(Record(*log, TestOutcome(TestDecision(9))).ok());
  }
  auto database = Database::Open(path, Database::Access::kReadOnly);
  REQUIRE(database.ok());
  CHECK(*database->QueryInt("SELECT count(*) FROM orphans") == 2);
  CHECK(*database->QueryText("SELECT value FROM orphans WHERE kind = 'feedback' AND tenant = 'acme'") ==
        R"({"feedback_id":"quote\"d","reward":0.25,"source":"judge","judge_version":"judge-2","sender":""})");
  CHECK(*database->QueryInt("SELECT value ->> 'output_tokens' FROM orphans WHERE kind = 'outcome'") == 321);
  CHECK(*database->QueryText("SELECT decision_id FROM orphans WHERE kind = 'outcome'") == TestId(9).Raw());
}

TEST_CASE("an outcome without dollars is settled from its decision", "[log]") {
  const TempDir folder;
  std::string asked;
  const auto settle = [&](const DecisionFacts& decision, const Outcome& outcome) {
    asked = fmt::format("{} {} {} {}", decision.config_hash, decision.tier, decision.time_us,
                        decision.input_tokens_estimate);
    return Settlement{.cost_nanos = *outcome.output_tokens * 1000, .wrong_model = outcome.retries == 7};
  };
  const auto log = OpenForTest({.path = folder.File("log.db"), .settle = settle});
  Append(*log, TestDecision(1, "strong"));
  Append(*log, TestDecision(2, "strong"));
  OutcomeRecord untold = TestOutcome(TestDecision(1));
  untold.outcome.cost_usd.reset();
  REQUIRE(Record(*log, untold).ok());
  CHECK(asked == "c0ffee strong 1700000000000001 1.1");
  OutcomeRecord told = TestOutcome(TestDecision(2));
  told.outcome.retries = 7;
  REQUIRE(Record(*log, told).ok());
  CHECK(MustFind(*log, TestId(1)).outcome->cost_nanos == 321'000);
  CHECK(MustFind(*log, TestId(2)).outcome->cost_nanos == told.cost_nanos);
  CHECK_FALSE(MustFind(*log, TestId(1)).outcome->wrong_model);
  CHECK(MustFind(*log, TestId(2)).outcome->wrong_model);
  CHECK(log->counters().wrong_model_outcomes == 1);
  CHECK(Record(*log, told)->duplicate);
  CHECK(log->counters().wrong_model_outcomes == 1);
  CHECK(Record(*log, untold)->duplicate);
}

TEST_CASE("a full queue refuses and loses nothing that it took", "[log]") {
  const TempDir folder;
  const auto log = OpenForTest({.path = folder.File("log.db"), .queue_capacity = 4});
  const DecisionRecord first = TestDecision(1);
  Append(*log, first);
  absl::Notification writer_is_held, release;
  log->AppendFeedback(TestFeedback(first, "held"), [&](absl::StatusOr<Receipt>) {
    writer_is_held.Notify();
    release.WaitForNotification();
  });
  writer_is_held.WaitForNotification();
  for (uint32_t i = 2; i <= 5; ++i) Append(*log, TestDecision(i));
  CHECK(log->counters().queued == 4);

  const absl::Status refused = log->AppendDecision(TestDecision(6));
  CHECK(refused.code() == absl::StatusCode::kResourceExhausted);
  CHECK(Mentions(refused, "log.queue_capacity"));
  absl::Status told;
  log->AppendFeedback(TestFeedback(first, "refused"), [&](auto receipt) { told = receipt.status(); });
  CHECK(told.code() == absl::StatusCode::kResourceExhausted);

  release.Notify();
  REQUIRE(log->Flush().ok());
  CHECK(*log->LastDecisionSeq() == 5);
  CHECK(MustFind(*log, first.id).feedback.size() == 1);
  CHECK(log->counters().queued == 0);
}

TEST_CASE("a row that the database refuses fails alone", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  const auto log = OpenForTest({.path = path});
  {
    auto other = Database::Open(path, Database::Access::kReadWriteCreate);
    REQUIRE(other.ok());
    REQUIRE(other
                ->Execute("CREATE TRIGGER no_poison BEFORE INSERT ON decisions WHEN NEW.session = 'poison' "
                          "BEGIN SELECT RAISE(ABORT, 'poison'); END;"
                          "CREATE TRIGGER no_bad BEFORE INSERT ON feedback WHEN NEW.feedback_id = 'bad' "
                          "BEGIN SELECT RAISE(ABORT, 'bad'); END")
                .ok());
  }
  DecisionRecord poison = TestDecision(2);
  poison.session = "poison";
  const DecisionRecord half = TestDecision(3);
  // Held back together, so that they share a transaction.
  absl::Notification writer_is_held, release;
  Append(*log, TestDecision(1));
  log->AppendFeedback(TestFeedback(TestDecision(1), "held"), [&](absl::StatusOr<Receipt>) {
    writer_is_held.Notify();
    release.WaitForNotification();
  });
  writer_is_held.WaitForNotification();
  Append(*log, poison);
  REQUIRE(log->AppendEvaluation(half, TestOutcome(half), TestFeedback(half, "bad")).ok());
  absl::Status bad, good;
  log->AppendFeedback(TestFeedback(TestDecision(1), "bad"), [&](auto receipt) { bad = receipt.status(); });
  log->AppendFeedback(TestFeedback(TestDecision(1), "good"), [&](auto receipt) { good = receipt.status(); });
  Append(*log, TestDecision(4));
  release.Notify();
  REQUIRE(log->Flush().ok());

  CHECK(bad.code() == absl::StatusCode::kInternal);
  CHECK(good.ok());
  CHECK_FALSE(log->Find(poison.id)->has_value());
  CHECK_FALSE(log->Find(half.id)->has_value());  // an evaluation goes as a whole
  CHECK(MustFind(*log, TestId(4)).decision.tier_ordinal == 1);
  CHECK(MustFind(*log, TestId(1)).feedback.size() == 2);
  CHECK(log->counters().outcomes == 0);
}

TEST_CASE("a damaged row is told, not guessed", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  const auto log = OpenForTest({.path = path});
  Append(*log, TestDecision(1));
  REQUIRE(log->Flush().ok());
  auto other = Database::Open(path, Database::Access::kReadWriteCreate);
  REQUIRE(other.ok());
  for (const char* damage : {"tiers = '[{'", "tiers = '[]', multipliers = '3'",
                             "multipliers = '{}', features = x'0102'", "features = x'', origin = 'nonsense'"}) {
    REQUIRE(other->Execute(std::string("UPDATE decisions SET ") + damage).ok());
    INFO(damage);
    CHECK(log->Find(TestId(1)).status().code() == absl::StatusCode::kDataLoss);
  }
  REQUIRE(other->Execute("UPDATE decisions SET origin = 'live'").ok());
  CHECK(log->Find(TestId(1)).ok());
}

}  // namespace suffice
