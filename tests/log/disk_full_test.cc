// A log whose disk takes no more, by the operating system's own limit on the size of files.
#include <fmt/format.h>
#include <filesystem>
#include <thread>

#include "catch.h"
#include "file_size_limit.h"
#include "log/log_testing.h"

namespace suffice {
namespace {

// Bytes of a file at which, with these rows, a write that fails leaves no room for a part of it either.
constexpr uint64_t kFull = (1 << 20) + 3 * 4120;

// Appends decisions with feedback until one is not acknowledged; returns how many were.
uint32_t FillUp(EventLog& log, absl::Status& refusal) {
  for (uint32_t n = 1; n < 10'000; ++n) {
    DecisionRecord decision = TestDecision(n);
    decision.sketch.assign(4096, 's');
    Append(log, decision);
    const auto receipt = Record(log, TestFeedback(decision, fmt::format("f{}", n)));
    if (!receipt.ok()) {
      refusal = receipt.status();
      return n - 1;
    }
  }
  return 10'000;
}

}  // namespace

TEST_CASE("a full disk acknowledges nothing and recovers by itself", "[log]") {
  const TempDir folder;
  const auto log = OpenForTest({.path = folder.File("log.db")});
  FileSizeLimit limit(kFull);
  absl::Status refusal;
  const uint32_t acknowledged = FillUp(*log, refusal);
  REQUIRE(acknowledged > 0);
  REQUIRE(acknowledged < 10'000);
  CHECK(refusal.code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(log->counters().error.empty());
  CHECK(log->Flush().code() == absl::StatusCode::kUnavailable);
  CHECK(log->SaveConfig("h", "yaml").code() == absl::StatusCode::kUnavailable);
  // What was acknowledged is there, and can be read.
  CHECK(log->counters().feedbacks == acknowledged);
  CHECK(MustFind(*log, TestId(acknowledged)).feedback.size() == 1);

  limit.Lift();
  REQUIRE(log->Flush().ok());
  CHECK(log->counters().error.empty());
  CHECK(log->counters().queued == 0);
  // The decision whose feedback was refused was kept, and its feedback is taken when sent again.
  const uint32_t next = acknowledged + 1;
  CHECK(MustFind(*log, TestId(next)).feedback.empty());
  const auto resent = Record(*log, TestFeedback(TestDecision(next), fmt::format("f{}", next)));
  REQUIRE(resent.ok());
  CHECK_FALSE(resent->duplicate);
  CHECK(*log->LastDecisionSeq() == next);
  CHECK(MustFind(*log, TestId(next)).decision.tier_ordinal == acknowledged);
  CHECK(log->Close().ok());
}

TEST_CASE("on a full disk, who waits for a decision is told that it is not there, and it is not", "[log]") {
  const TempDir folder;
  const auto log = OpenForTest({.path = folder.File("log.db")});
  FileSizeLimit limit(kFull);
  absl::Status refusal;
  const uint32_t last = FillUp(*log, refusal) + 1;
  absl::Notification answered;
  absl::Status told;
  REQUIRE(log->AppendDecision(TestDecision(20'000), [&](const absl::StatusOr<Receipt>& receipt) {
               told = receipt.status();
               answered.Notify();
             }).ok());
  answered.WaitForNotification();
  CHECK(told.code() == absl::StatusCode::kUnavailable);
  absl::Notification kept;
  REQUIRE(log->AppendDecision(
                 TestDecision(20'001), [&](const absl::StatusOr<Receipt>&) { kept.Notify(); },
                 EventLog::WhenFailed::kRetry)
              .ok());
  limit.Lift();
  kept.WaitForNotification();
  CHECK_FALSE(log->Find(TestId(20'000))->has_value());
  CHECK(MustFind(*log, TestId(20'001)).decision.seq == last + 1);
  CHECK(log->Close().ok());
}

TEST_CASE("a log that nobody writes to finds by itself that its disk is well again", "[log]") {
  const TempDir folder;
  const auto log = OpenForTest({.path = folder.File("log.db")});
  FileSizeLimit limit(kFull);
  std::string large(4 << 20, 'y');
  CHECK(log->SaveConfig("h", large).code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(log->counters().error.empty());
  CHECK(log->counters().queued == 0);  // nothing to try again
  limit.Lift();
  while (!log->counters().error.empty()) std::this_thread::yield();
  CHECK(log->counters().error.empty());
  CHECK(log->Close().ok());
}

TEST_CASE("closing on a full disk tells what was lost", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  uint32_t acknowledged = 0;
  {
    const auto log = OpenForTest({.path = path});
    const FileSizeLimit limit(kFull);
    absl::Status refusal;
    acknowledged = FillUp(*log, refusal);
    const absl::Status closed = log->Close();
    CHECK(closed.code() == absl::StatusCode::kUnavailable);
    CHECK(std::string(closed.message()).find("1 rows were not written") != std::string::npos);
    CHECK(log->Close() == closed);
  }
  const auto log = OpenForTest({.path = path});
  CHECK(*log->LastDecisionSeq() == acknowledged);
  CHECK(MustFind(*log, TestId(acknowledged)).feedback.size() == 1);
}

}  // namespace suffice
