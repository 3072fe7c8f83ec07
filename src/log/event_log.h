// The event log: append-only, the truth. One writer thread, any number of readers.
//
// Order: what is appended first is committed first, so a feedback that follows its decision always finds it.
// Thread contract: every method is thread-safe. Append* never wait for the disk. Reads may block on I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "log/records.h"

namespace suffice {

// The decisions that got an outcome or feedback after a cursor, each with all its events up to `end` (older ones too).
struct LogTail {
  std::vector<ObservedDecision> touched;  // in order of decision seq
  LogCursor end;
  bool more = false;  // there is more behind `end`
};

struct LogCounters {
  int64_t decisions = 0;  // committed since open
  int64_t outcomes = 0;
  int64_t feedbacks = 0;
  int64_t unknown_outcomes = 0;  // for decisions that are not in the log; kept apart in `orphans`
  int64_t unknown_feedbacks = 0;
  int64_t wrong_model_outcomes = 0;  // of `outcomes`: another model answered than the one asked for
  int64_t duplicates = 0;
  int64_t queued = 0;  // waiting for the writer now
  std::string error;   // the last write error; empty when the last commit went well
};

class EventLog {
 public:
  using Done = std::function<void(absl::StatusOr<Receipt>)>;

  virtual ~EventLog() = default;

  // Queues a row. RESOURCE_EXHAUSTED when the queue is full (nothing is queued then); UNAVAILABLE after Close.
  // `done`, if the row was queued, runs once on the writer's thread: after the commit, with the row's seq, or with why
  // the row is not there. A write that fails is told (kAnswer), or tried again until the log is closed (kRetry; always
  // so without `done`). `decision` holds something else afterwards, maybe an older row's memory to be filled anew.
  enum class WhenFailed { kAnswer, kRetry };
  virtual absl::Status AppendDecision(DecisionRecord&& decision, Done done, WhenFailed when_failed) = 0;
  absl::Status AppendDecision(DecisionRecord decision) {
    return AppendDecision(std::move(decision), nullptr, WhenFailed::kRetry);
  }
  absl::Status AppendDecision(DecisionRecord decision, Done done) {
    return AppendDecision(std::move(decision), std::move(done), WhenFailed::kAnswer);
  }
  // Queues several rows that are committed together.
  virtual absl::Status AppendEvaluation(DecisionRecord decision, OutcomeRecord outcome,
                                        std::optional<FeedbackRecord> feedback) = 0;
  // `done` runs once, on the writer's thread after the commit, or at once on the caller's when nothing could be queued.
  // NOT_FOUND: unknown decision (the row goes to `orphans`). PERMISSION_DENIED: the decision is another tenant's.
  // Sent again with the same values: a receipt with duplicate = true. With other values: ALREADY_EXISTS.
  virtual void AppendOutcome(OutcomeRecord outcome, Done done) = 0;
  virtual void AppendFeedback(FeedbackRecord feedback, Done done) = 0;

  // Waits until everything queued before is committed.
  virtual absl::Status Flush() = 0;

  // Configurations by hash, written with durability full.
  virtual absl::Status SaveConfig(const std::string& hash, const std::string& yaml) = 0;
  virtual absl::StatusOr<std::string> LoadConfigText(const std::string& hash) = 0;  // NOT_FOUND
  // Fitted feature sets by version.
  virtual absl::Status SaveFeatureSet(uint64_t version, const std::string& bytes) = 0;
  virtual absl::StatusOr<std::string> LoadFeatureSet(uint64_t version) = 0;  // NOT_FOUND
  // Snapshots. Saving one with a state drops the states (not the rows) of all but the newest three; and rows without a
  // state go when they are no longer among the newest 1000, but for the newest of each release.
  virtual absl::Status SaveSnapshot(SnapshotRecord snapshot) = 0;
  virtual absl::StatusOr<std::optional<SnapshotRecord>> NewestSnapshotWithState() = 0;
  virtual absl::StatusOr<int64_t> NewestSnapshotNumber() = 0;  // 0: none
  // Of the newest snapshot on a release; nothing when there is none.
  virtual absl::StatusOr<std::optional<uint64_t>> NewestFeatureVersion(int64_t release) = 0;

  // A base is a snapshot that keeps its state for folds of the log to begin with: what it was folded from may be deleted.
  // The newest on a release; nothing when there is none.
  virtual absl::StatusOr<std::optional<SnapshotRecord>> BaseOf(int64_t release) = 0;
  // Makes a snapshot a base; of those before it, the newest on another release stays one. NOT_FOUND: it has no state.
  virtual absl::Status MakeBase(int64_t number) = 0;
  // Deletes old decisions, and what came for unknown ones before the same time. All in one transaction: `limit` says how
  // long others wait. The last row of each kind stays, as the next one is numbered after it.
  virtual absl::StatusOr<Deleted> DeleteDecisions(const Deletion& what) = 0;
  // When the first decision was made; nothing when there is none.
  virtual absl::StatusOr<std::optional<int64_t>> FirstDecisionTime() = 0;

  // Releases come into the file by ReleaseStore, beside the server.
  virtual absl::StatusOr<ReleaseRecord> LoadRelease(int64_t number) = 0;  // NOT_FOUND
  virtual absl::StatusOr<std::optional<PromotionRecord>> NewestPromotion() = 0;
  // Appends a promotion, which gets the next seq, if the newest one is `after` (0: there is none). ABORTED when
  // somebody else's came in between.
  virtual absl::Status AppendPromotion(PromotionRecord promotion, int64_t after) = 0;

  // States of the budget ledger; the newest three are kept.
  virtual absl::Status SaveLedgerState(LedgerStateRecord state) = 0;
  virtual absl::StatusOr<std::optional<LedgerStateRecord>> NewestLedgerState() = 0;

  // What came after `from`: at most `limit` outcomes and `limit` feedbacks.
  virtual absl::StatusOr<LogTail> ReadTail(LogCursor from, int64_t limit) = 0;
  virtual absl::StatusOr<std::optional<ObservedDecision>> Find(const DecisionId& id) = 0;
  // Calls `visit` for decisions with seq > after, in order, at most `limit`; stops early when it returns false.
  virtual absl::Status ScanDecisions(int64_t after, int64_t limit,
                                     const std::function<bool(const DecisionRecord&)>& visit) = 0;
  virtual absl::StatusOr<int64_t> LastDecisionSeq() = 0;

  // Fixed for the life of the store: salts the hashed token counts.
  virtual uint64_t salt() const = 0;
  virtual LogCounters counters() const = 0;
  // `listener` runs on the writer's thread after each commit that had an outcome or feedback. Set before the first
  // append.
  virtual void SetCommitListener(std::function<void()> listener) = 0;

  // Commits what is queued, checkpoints, stops. Idempotent.
  virtual absl::Status Close() = 0;
};

// What settling an outcome needs of its decision.
struct DecisionFacts {
  std::string config_hash;
  std::string tier;
  int64_t time_us = 0;               // when it was made: prices are those in force then
  double input_tokens_estimate = 0;  // from the prompt's length
};
struct Settlement {
  int64_t cost_nanos = 0;    // by the price list; used when the outcome told no dollars
  bool wrong_model = false;  // another model answered than the one asked for
};
// Runs on the writer's thread, once for every outcome of a known decision (a repeated one too).
using OutcomeSettler = std::function<Settlement(const DecisionFacts& decision, const Outcome& outcome)>;

struct SqliteLogOptions {
  std::string path;
  Durability durability = Durability::kFull;
  int64_t queue_capacity = 65536;
  uint64_t salt_if_new = 0;  // 0: random
  OutcomeSettler settle;     // fills what an outcome's sender did not tell; empty: records are taken as given
};

// Opens or creates the file, applies migrations after a backup beside it, refuses a newer schema (FAILED_PRECONDITION)
// and a file that another process has open for writing (FAILED_PRECONDITION).
absl::StatusOr<std::unique_ptr<EventLog>> OpenSqliteLog(const SqliteLogOptions& options);
// The same behaviour in memory, without threads: every append is "committed" when it returns. For replays and tests.
std::unique_ptr<EventLog> NewMemoryLog(uint64_t salt);

}  // namespace suffice
