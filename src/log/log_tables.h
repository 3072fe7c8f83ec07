// Writes rows to the tables, within a transaction that the caller opens and ends.
//
// Every method returns a status about the storage: OK, or an error after which the row is not there (see IsRowError for
// whether the transaction can go on). What the sender is told is the `answer`, valid once the transaction is committed.
// Thread contract: one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "log/decision_columns.h"
#include "log/decision_deleter.h"
#include "log/event_log.h"
#include "log/records.h"
#include "log/sqlite.h"

namespace suffice {

class LogTables {
 public:
  using Answer = absl::StatusOr<Receipt>;

  // Prepares the statements and loads each tier's count of decisions. `database` must outlive the result.
  static absl::StatusOr<std::unique_ptr<LogTables>> Prepare(Database& database, OutcomeSettler settle = nullptr);

  absl::Status WriteDecision(const DecisionRecord& decision, Answer& answer);
  // All rows or none.
  absl::Status WriteEvaluation(const DecisionRecord& decision, const OutcomeRecord& outcome,
                               const std::optional<FeedbackRecord>& feedback);
  absl::Status WriteOutcome(const OutcomeRecord& outcome, Answer& answer);
  absl::Status WriteFeedback(const FeedbackRecord& feedback, Answer& answer);
  absl::Status WriteConfig(const std::string& hash, const std::string& yaml, absl::Status& answer);
  absl::Status WriteFeatureSet(uint64_t version, const std::string& bytes, absl::Status& answer);
  // `snapshot.state` is sealed, or empty.
  absl::Status WriteSnapshot(const SnapshotRecord& snapshot, absl::Status& answer);
  absl::Status MakeBase(int64_t number, absl::Status& answer);
  absl::Status DeleteDecisions(const Deletion& what, Deleted& deleted);
  absl::Status WritePromotion(const PromotionRecord& promotion, int64_t after, absl::Status& answer);
  absl::Status WriteLedgerState(const LedgerStateRecord& state, absl::Status& answer);

  // What the open transaction adds to the counters; `queued` and `error` are unused.
  const LogCounters& pending() const { return pending_; }
  // Call after every COMMIT and ROLLBACK.
  void Committed();
  void RolledBack();

 private:
  LogTables(Database& database, OutcomeSettler settle) : database_(database), settle_(std::move(settle)) {}
  absl::Status PrepareStatements();
  absl::Status LoadTierCounts();

  struct Found {
    int64_t seq;
    std::string tenant;
    DecisionFacts facts;
  };
  absl::StatusOr<std::optional<Found>> FindDecision(const DecisionId& id);
  // Seq of the new row; nothing: the id was there.
  absl::StatusOr<std::optional<int64_t>> InsertDecision(const DecisionRecord& decision);
  // Whether the row is new.
  absl::StatusOr<bool> InsertOutcome(const OutcomeRecord& outcome, int64_t decision_seq, const Settlement& settlement);
  absl::StatusOr<bool> InsertFeedback(const FeedbackRecord& feedback, int64_t decision_seq);
  absl::StatusOr<bool> InsertEvaluation(const DecisionRecord& decision, const OutcomeRecord& outcome,
                                        const std::optional<FeedbackRecord>& feedback);
  absl::Status CompareWithStored(const OutcomeRecord& outcome, int64_t decision_seq, Answer& answer);
  absl::Status CompareWithStored(const FeedbackRecord& feedback, Answer& answer);
  absl::Status InsertOrphan(std::string_view kind, int64_t time_us, const DecisionId& id, const std::string& tenant,
                            const std::string& value);

  Settlement Settle(const OutcomeRecord& outcome, const DecisionFacts& decision) const;

  Database& database_;
  const OutcomeSettler settle_;
  Statement find_decision_, insert_decision_, insert_outcome_, insert_feedback_, select_outcome_, select_feedback_,
      insert_orphan_, insert_config_, select_config_, insert_feature_set_, select_feature_set_, insert_snapshot_,
      drop_states_, drop_snapshots_, insert_base_, drop_bases_, insert_ledger_state_, drop_ledger_states_, newest_promotion_, insert_promotion_, savepoint_,
      release_, rollback_to_;
  DecisionDeleter deleter_;
  DecisionScratch scratch_;
  std::map<std::string, int64_t, std::less<>> tier_counts_, committed_tier_counts_;
  LogCounters pending_;
};

}  // namespace suffice
