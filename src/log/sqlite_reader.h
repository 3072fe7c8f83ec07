// Reads a log's file through a connection of its own, beside the writer.
// Thread contract: every method is thread-safe; they take turns. May block on I/O.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "log/event_log.h"
#include "log/records.h"
#include "log/sqlite.h"
#include "log/tail_reader.h"

namespace suffice {

// Methods are those of EventLog. UNAVAILABLE after Close.
class SqliteReader {
 public:
  static absl::StatusOr<std::unique_ptr<SqliteReader>> Open(const std::string& path);

  absl::StatusOr<std::string> LoadConfigText(const std::string& hash);
  absl::StatusOr<std::string> LoadFeatureSet(uint64_t version);
  absl::StatusOr<std::optional<SnapshotRecord>> NewestSnapshotWithState();
  absl::StatusOr<std::optional<SnapshotRecord>> BaseOf(int64_t release);
  absl::StatusOr<std::optional<int64_t>> FirstDecisionTime();
  absl::StatusOr<int64_t> NewestSnapshotNumber();
  absl::StatusOr<std::optional<LedgerStateRecord>> NewestLedgerState();
  absl::StatusOr<std::optional<uint64_t>> NewestFeatureVersion(int64_t release);
  absl::StatusOr<ReleaseRecord> LoadRelease(int64_t number);
  absl::StatusOr<std::optional<PromotionRecord>> NewestPromotion();
  absl::StatusOr<LogTail> ReadTail(LogCursor from, int64_t limit);
  absl::StatusOr<std::optional<ObservedDecision>> Find(const DecisionId& id);
  absl::Status ScanDecisions(int64_t after, int64_t limit, const std::function<bool(const DecisionRecord&)>& visit);
  absl::StatusOr<int64_t> LastDecisionSeq();
  void Close();

 private:
  SqliteReader() = default;
  absl::StatusOr<std::optional<SnapshotRecord>> ReadSnapshot(Statement& statement)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Prepare() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The first column of the only row; nothing when there is none or it is NULL.
  absl::StatusOr<int64_t> ReadInt(Statement& statement) ABSL_LOCKS_EXCLUDED(mutex_);
  // A decision with its events.
  absl::StatusOr<ObservedDecision> ReadObserved(int64_t seq) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ReadEvents(ObservedDecision& observed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::vector<DecisionRecord>> ReadDecisions(int64_t after, int64_t limit) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Database database_ ABSL_GUARDED_BY(mutex_);
  // Guarded by mutex_ too; last, so that they go before the connection.
  Statement config_, feature_set_, newest_state_, base_, first_time_, newest_number_, newest_ledger_, newest_features_, release_, newest_promotion_,
      last_decision_, decision_seq_,
      decision_, decisions_, outcome_, feedback_;
  TailReader tail_;
};

}  // namespace suffice
