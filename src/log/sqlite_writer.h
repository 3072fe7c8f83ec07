// The one writer of a log's file: a bounded queue and a thread that commits everything queued in one transaction (group
// commit), then answers. Rows that nobody waits for are left a few milliseconds to become more: a commit costs as much as
// writing several rows. A row with a caller waiting, or a job, takes them along at once.
//
// When a commit fails (disk full, I/O error) nothing of it is acknowledged: whoever waits is answered UNAVAILABLE, and
// rows that say so (evaluations, decisions that nobody waits for) stay queued and are tried again, with growing pauses,
// until it works or the writer is stopped. While it fails and nothing is queued, a small row is written instead, so that
// the writer finds by itself that the disk is well again.
// Thread contract: every method is thread-safe. Callbacks run on the writer's thread, outside of its lock; they may
// append, and must not block or call RunJob, Flush or Stop.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/monotonic.h"
#include "log/event_log.h"
#include "log/log_tables.h"
#include "log/sqlite.h"

namespace suffice {

class SqliteWriter {
 public:
  struct Options {
    Durability durability = Durability::kFull;
    int64_t queue_capacity = 65536;  // rows waiting, those in the transaction under way included
    OutcomeSettler settle = nullptr;
  };
  struct EvaluationRows {
    DecisionRecord decision;
    OutcomeRecord outcome;
    std::optional<FeedbackRecord> feedback;
  };
  // A write of any other kind. The status is the storage's, as in LogTables.
  using Job = std::function<absl::Status(LogTables&)>;

  // Prepares the statements and starts the thread. `database` is open for writing and migrated.
  static absl::StatusOr<std::unique_ptr<SqliteWriter>> Start(Database database, const Options& options);
  ~SqliteWriter();

  // RESOURCE_EXHAUSTED when the queue is full, UNAVAILABLE after Stop; nothing is queued then, and `done` does not run.
  // `decision` has the memory of a row that was written, where there is one.
  absl::Status Append(DecisionRecord&& decision, EventLog::Done done, EventLog::WhenFailed when_failed);
  absl::Status Append(EvaluationRows evaluation);
  // As above, told through `done`.
  void Append(OutcomeRecord outcome, EventLog::Done done);
  void Append(FeedbackRecord feedback, EventLog::Done done);

  // Runs `job` in its turn, with durability full, and waits for the commit. Not bound by the queue's capacity.
  absl::Status RunJob(Job job);
  // Waits until everything queued before is committed. After Stop: what Stop said.
  absl::Status Flush();

  LogCounters counters() const;
  void SetCommitListener(std::function<void()> listener);

  // Commits what is queued, checkpoints, closes the file. UNAVAILABLE, telling how many rows were lost, when the disk
  // still fails. Idempotent.
  absl::Status Stop();

 private:
  struct JobRow {
    Job job;
    std::function<void(absl::Status)> done;
  };
  struct Entry {
    std::variant<std::unique_ptr<DecisionRecord>, std::unique_ptr<EvaluationRows>, OutcomeRecord, FeedbackRecord, JobRow>
        row;
    bool retry = false;                    // a failed write is tried again, whoever waits
    bool awaited = false;                  // somebody waits for the commit
    EventLog::Done done = nullptr;         // told of the commit; may be empty
    LogTables::Answer answer = Receipt{};  // to be given after the commit
  };
  using Batch = std::vector<Entry>;

  SqliteWriter(Database database, const Options& options) : database_(std::move(database)), options_(options) {}

  std::unique_ptr<DecisionRecord> TakeSpare() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Enqueue(Entry& entry) ABSL_LOCKS_EXCLUDED(mutex_);
  void EnqueueOrAnswer(Entry entry);
  void Loop();
  // Waits for rows; an empty batch: nothing is queued while the log fails. Nothing: stop.
  std::optional<Batch> Take() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WriteBatch(Batch& batch);
  absl::Status WriteEntry(Entry& entry);
  // A transaction without rows would not touch the disk, and show nothing of it.
  absl::Status WriteProbe();
  absl::Status SetSynchronous(bool full);
  void AnswerCommitted(Batch& batch) ABSL_LOCKS_EXCLUDED(mutex_);
  void AnswerFailed(Batch& batch, const absl::Status& error) ABSL_LOCKS_EXCLUDED(mutex_);
  // Puts the rows that nobody waits for back to the front of the queue; pauses.
  void Retry(Batch batch) ABSL_LOCKS_EXCLUDED(mutex_);
  void GiveUp(Batch batch, const absl::Status& error) ABSL_LOCKS_EXCLUDED(mutex_);

  Database database_;  // the writer's thread alone
  const Options options_;
  std::unique_ptr<LogTables> tables_;  // the writer's thread alone
  bool synchronous_full_ = true;       // the writer's thread alone
  std::chrono::milliseconds pause_;    // the writer's thread alone
  bool failing_ = false;               // the writer's thread alone: the last write failed
  std::thread thread_;

  mutable absl::Mutex mutex_;
  MonotonicCondVar wake_;  // for the writer: the first row came, or one that is not to wait, or stopping_
  std::deque<Entry> queue_ ABSL_GUARDED_BY(mutex_);
  bool hurry_ ABSL_GUARDED_BY(mutex_) = false;  // something queued is awaited, or there is a batch full
  std::vector<std::unique_ptr<DecisionRecord>> spare_ ABSL_GUARDED_BY(mutex_);  // written; a bounded number
  int64_t waiting_rows_ ABSL_GUARDED_BY(mutex_) = 0;  // queued and in the batch under way, jobs not counted
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t lost_rows_ ABSL_GUARDED_BY(mutex_) = 0;
  LogCounters counters_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> listener_ ABSL_GUARDED_BY(mutex_);

  absl::Mutex stop_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  std::optional<absl::Status> stopped_ ABSL_GUARDED_BY(stop_mutex_);
};

}  // namespace suffice
