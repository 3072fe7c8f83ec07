// No lock, no migration, no writer.
#include "log/sqlite_log_for_reading.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "base/status_macros.h"
#include "log/migrations.h"
#include "log/sqlite_reader.h"

namespace suffice {
namespace {

absl::Status OnlyRead() { return absl::FailedPreconditionError("the event log is open for reading only"); }

class SqliteLogForReading final : public EventLog {
 public:
  SqliteLogForReading(uint64_t salt, std::unique_ptr<SqliteReader> reader) : salt_(salt), reader_(std::move(reader)) {}

  absl::Status AppendDecision(DecisionRecord&&, Done, WhenFailed) override { return OnlyRead(); }
  absl::Status AppendEvaluation(DecisionRecord, OutcomeRecord, std::optional<FeedbackRecord>) override {
    return OnlyRead();
  }
  void AppendOutcome(OutcomeRecord, Done done) override {
    if (done) done(OnlyRead());
  }
  void AppendFeedback(FeedbackRecord, Done done) override {
    if (done) done(OnlyRead());
  }
  absl::Status Flush() override { return absl::OkStatus(); }
  absl::Status SaveConfig(const std::string&, const std::string&) override { return OnlyRead(); }
  absl::Status SaveFeatureSet(uint64_t, const std::string&) override { return OnlyRead(); }
  absl::Status SaveSnapshot(SnapshotRecord) override { return OnlyRead(); }
  absl::Status SaveLedgerState(LedgerStateRecord) override { return OnlyRead(); }
  absl::Status AppendPromotion(PromotionRecord, int64_t) override { return OnlyRead(); }
  absl::Status MakeBase(int64_t) override { return OnlyRead(); }
  absl::StatusOr<Deleted> DeleteDecisions(const Deletion&) override { return OnlyRead(); }

  absl::StatusOr<std::string> LoadConfigText(const std::string& hash) override { return reader_->LoadConfigText(hash); }
  absl::StatusOr<std::string> LoadFeatureSet(uint64_t version) override { return reader_->LoadFeatureSet(version); }
  absl::StatusOr<std::optional<SnapshotRecord>> NewestSnapshotWithState() override {
    return reader_->NewestSnapshotWithState();
  }
  absl::StatusOr<std::optional<SnapshotRecord>> BaseOf(int64_t release) override { return reader_->BaseOf(release); }
  absl::StatusOr<std::optional<int64_t>> FirstDecisionTime() override { return reader_->FirstDecisionTime(); }
  absl::StatusOr<int64_t> NewestSnapshotNumber() override { return reader_->NewestSnapshotNumber(); }
  absl::StatusOr<std::optional<LedgerStateRecord>> NewestLedgerState() override { return reader_->NewestLedgerState(); }
  absl::StatusOr<std::optional<uint64_t>> NewestFeatureVersion(int64_t release) override {
    return reader_->NewestFeatureVersion(release);
  }
  absl::StatusOr<ReleaseRecord> LoadRelease(int64_t number) override { return reader_->LoadRelease(number); }
  absl::StatusOr<std::optional<PromotionRecord>> NewestPromotion() override { return reader_->NewestPromotion(); }
  absl::StatusOr<LogTail> ReadTail(LogCursor from, int64_t limit) override { return reader_->ReadTail(from, limit); }
  absl::StatusOr<std::optional<ObservedDecision>> Find(const DecisionId& id) override { return reader_->Find(id); }
  absl::Status ScanDecisions(int64_t after, int64_t limit,
                             const std::function<bool(const DecisionRecord&)>& visit) override {
    return reader_->ScanDecisions(after, limit, visit);
  }
  absl::StatusOr<int64_t> LastDecisionSeq() override { return reader_->LastDecisionSeq(); }

  uint64_t salt() const override { return salt_; }
  LogCounters counters() const override { return {}; }
  void SetCommitListener(std::function<void()>) override {}  // nothing is ever committed here
  absl::Status Close() override {
    reader_->Close();
    return absl::OkStatus();
  }

 private:
  const uint64_t salt_;
  const std::unique_ptr<SqliteReader> reader_;
};

// The file's salt, after a look at whether this program can read it at all.
absl::StatusOr<uint64_t> CheckAndReadSalt(const std::string& path) {
  SUFFICE_ASSIGN_OR_RETURN(Database database, Database::Open(path, Database::Access::kReadOnly));
  SUFFICE_RETURN_IF_ERROR(database.Execute("PRAGMA busy_timeout = 5000"));
  SUFFICE_RETURN_IF_ERROR(CheckCurrent(database, path));
  SUFFICE_ASSIGN_OR_RETURN(const std::string text, database.QueryText("SELECT value FROM meta WHERE key = 'salt'"));
  uint64_t salt = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), salt, 16);
  if (parsed.ec != std::errc()) return absl::DataLossError(fmt::format("{}: the salt is not a number", path));
  return salt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLog>> OpenSqliteLogForReading(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return absl::NotFoundError(fmt::format("{}: no such file", path));
  SUFFICE_ASSIGN_OR_RETURN(const uint64_t salt, CheckAndReadSalt(path));
  SUFFICE_ASSIGN_OR_RETURN(std::unique_ptr<SqliteReader> reader, SqliteReader::Open(path));
  return std::make_unique<SqliteLogForReading>(salt, std::move(reader));
}

absl::StatusOr<LogEnd> ReadLogEnd(const std::string& path) {
  SUFFICE_ASSIGN_OR_RETURN(Database database, Database::Open(path, Database::Access::kReadOnly));
  SUFFICE_RETURN_IF_ERROR(database.Execute("PRAGMA busy_timeout = 5000"));
  Transaction transaction(database, Transaction::Kind::kRead);
  SUFFICE_RETURN_IF_ERROR(transaction.status());
  LogEnd end;
  SUFFICE_ASSIGN_OR_RETURN(end.events.outcome_seq, database.QueryInt("SELECT coalesce(max(seq), 0) FROM outcomes"));
  SUFFICE_ASSIGN_OR_RETURN(end.events.feedback_seq, database.QueryInt("SELECT coalesce(max(seq), 0) FROM feedback"));
  SUFFICE_ASSIGN_OR_RETURN(end.decision_seq, database.QueryInt("SELECT coalesce(max(seq), 0) FROM decisions"));
  return end;
}

}  // namespace suffice
