// The event log in a SQLite file: a lock on the file, a writer with its thread, a reader with its own connection.
#include "log/sqlite_log.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "absl/synchronization/mutex.h"
#include "base/ids.h"
#include "base/status_macros.h"
#include "log/file_lock.h"
#include "log/rules.h"
#include "log/seal.h"
#include "log/sqlite_reader.h"
#include "log/sqlite_writer.h"

namespace suffice {
namespace {

class SqliteLog final : public EventLog {
 public:
  SqliteLog(FileLock file_lock, uint64_t salt, std::unique_ptr<SqliteWriter> writer,
            std::unique_ptr<SqliteReader> reader)
      : file_lock_(std::move(file_lock)), salt_(salt), writer_(std::move(writer)), reader_(std::move(reader)) {}
  ~SqliteLog() override { (void)Close(); }

  absl::Status AppendDecision(DecisionRecord&& decision, Done done, WhenFailed when_failed) override {
    SUFFICE_RETURN_IF_ERROR(CheckDecision(decision));
    return writer_->Append(std::move(decision), std::move(done), when_failed);
  }

  absl::Status AppendEvaluation(DecisionRecord decision, OutcomeRecord outcome,
                                std::optional<FeedbackRecord> feedback) override {
    SUFFICE_RETURN_IF_ERROR(CheckEvaluation(decision, outcome, feedback));
    return writer_->Append(SqliteWriter::EvaluationRows{std::move(decision), std::move(outcome), std::move(feedback)});
  }

  void AppendOutcome(OutcomeRecord outcome, Done done) override {
    absl::Status checked = CheckOutcome(outcome);
    if (checked.ok()) return writer_->Append(std::move(outcome), std::move(done));
    if (done) done(std::move(checked));
  }

  void AppendFeedback(FeedbackRecord feedback, Done done) override {
    absl::Status checked = CheckFeedback(feedback);
    if (checked.ok()) return writer_->Append(std::move(feedback), std::move(done));
    if (done) done(std::move(checked));
  }

  absl::Status Flush() override { return writer_->Flush(); }

  absl::Status SaveConfig(const std::string& hash, const std::string& yaml) override {
    return Save([&](LogTables& tables, absl::Status& answer) { return tables.WriteConfig(hash, yaml, answer); });
  }
  absl::Status SaveFeatureSet(uint64_t version, const std::string& bytes) override {
    return Save(
        [&](LogTables& tables, absl::Status& answer) { return tables.WriteFeatureSet(version, bytes, answer); });
  }
  absl::Status SaveSnapshot(SnapshotRecord snapshot) override {
    // Not on the writer's thread, where others wait meanwhile.
    if (!snapshot.state.empty()) snapshot.state = Seal(std::move(snapshot.state));
    return Save([&](LogTables& tables, absl::Status& answer) { return tables.WriteSnapshot(snapshot, answer); });
  }

  absl::Status MakeBase(int64_t number) override {
    return Save([&](LogTables& tables, absl::Status& answer) { return tables.MakeBase(number, answer); });
  }
  absl::StatusOr<Deleted> DeleteDecisions(const Deletion& what) override {
    Deleted deleted;
    SUFFICE_RETURN_IF_ERROR(
        writer_->RunJob([&](LogTables& tables) { return tables.DeleteDecisions(what, deleted); }));
    return deleted;
  }

  absl::Status SaveLedgerState(LedgerStateRecord state) override {
    return Save([&](LogTables& tables, absl::Status& answer) { return tables.WriteLedgerState(state, answer); });
  }

  absl::Status AppendPromotion(PromotionRecord promotion, int64_t after) override {
    return Save([&](LogTables& tables, absl::Status& answer) { return tables.WritePromotion(promotion, after, answer); });
  }

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
  LogCounters counters() const override { return writer_->counters(); }
  void SetCommitListener(std::function<void()> listener) override { writer_->SetCommitListener(std::move(listener)); }

  // The reader first: a file is checkpointed whole when nobody reads it. The lock last.
  absl::Status Close() override {
    absl::MutexLock lock(&close_mutex_);
    reader_->Close();
    const absl::Status stopped = writer_->Stop();
    file_lock_ = FileLock();
    return stopped;
  }

 private:
  template <typename Write>
  absl::Status Save(const Write& write) {
    absl::Status answer;
    SUFFICE_RETURN_IF_ERROR(writer_->RunJob([&](LogTables& tables) { return write(tables, answer); }));
    return answer;
  }

  absl::Mutex close_mutex_;
  FileLock file_lock_ ABSL_GUARDED_BY(close_mutex_);
  const uint64_t salt_;
  const std::unique_ptr<SqliteWriter> writer_;
  const std::unique_ptr<SqliteReader> reader_;
};

// A decision's row takes two to three kilobytes: pages of 8 KiB hold three, where 4 KiB would leave a third empty and
// 16 KiB would double what one feedback writes. The page size and journal mode stay with the file.
absl::Status PrepareWriting(Database& database, const std::string& path) {
  SUFFICE_RETURN_IF_ERROR(database.Execute("PRAGMA page_size = 8192"));
  SUFFICE_ASSIGN_OR_RETURN(const std::string journal, database.QueryText("PRAGMA journal_mode = WAL"));
  if (journal != "wal") {
    return absl::FailedPreconditionError(
        fmt::format("{}: its file system does not support a write-ahead log (journal mode {})", path, journal));
  }
  return database.Execute(
      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
      "PRAGMA temp_store = MEMORY; PRAGMA secure_delete = FAST; PRAGMA cache_size = -16384; "
      "PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000");
}

// The salt is made with the file and never changes.
absl::StatusOr<uint64_t> LoadOrMakeSalt(Database& database, uint64_t salt_if_new) {
  const uint64_t made = salt_if_new != 0 ? salt_if_new : RandomSeed();
  SUFFICE_RETURN_IF_ERROR(database.Execute(
      fmt::format("INSERT INTO meta (key, value) VALUES ('salt', '{:016x}') ON CONFLICT DO NOTHING", made)));
  SUFFICE_ASSIGN_OR_RETURN(const std::string text, database.QueryText("SELECT value FROM meta WHERE key = 'salt'"));
  uint64_t salt = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), salt, 16);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return absl::DataLossError(fmt::format("the log's salt \"{}\" is not a hexadecimal number", text));
  }
  return salt;
}

// The same file by every name, so that a link does not get around the lock.
absl::StatusOr<std::string> CanonicalPath(const std::string& path) {
  if (path.empty()) return absl::FailedPreconditionError("the event log needs the path of a file, got none");
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  if (error) return absl::FailedPreconditionError(fmt::format("{}: {}", path, error.message()));
  if (!std::filesystem::is_directory(canonical.parent_path(), error)) {
    return absl::FailedPreconditionError(fmt::format("{}: its folder does not exist", path));
  }
  return canonical.string();
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLog>> OpenSqliteLogWith(const SqliteLogOptions& options,
                                                            const std::vector<Migration>& migrations) {
  SUFFICE_ASSIGN_OR_RETURN(const std::string path, CanonicalPath(options.path));
  SUFFICE_ASSIGN_OR_RETURN(FileLock file_lock, FileLock::Acquire(path));
  SUFFICE_ASSIGN_OR_RETURN(Database database, Database::Open(path, Database::Access::kReadWriteCreate));
  SUFFICE_RETURN_IF_ERROR(database.Execute("PRAGMA busy_timeout = 5000"));
  SUFFICE_RETURN_IF_ERROR(CheckOurs(database, path, migrations));
  SUFFICE_RETURN_IF_ERROR(PrepareWriting(database, path));
  SUFFICE_RETURN_IF_ERROR(Migrate(database, path, migrations));
  SUFFICE_ASSIGN_OR_RETURN(const uint64_t salt, LoadOrMakeSalt(database, options.salt_if_new));
  const SqliteWriter::Options writing = {
      .durability = options.durability, .queue_capacity = options.queue_capacity, .settle = options.settle};
  SUFFICE_ASSIGN_OR_RETURN(std::unique_ptr<SqliteWriter> writer, SqliteWriter::Start(std::move(database), writing));
  SUFFICE_ASSIGN_OR_RETURN(std::unique_ptr<SqliteReader> reader, SqliteReader::Open(path));
  return std::make_unique<SqliteLog>(std::move(file_lock), salt, std::move(writer), std::move(reader));
}

absl::StatusOr<std::unique_ptr<EventLog>> OpenSqliteLog(const SqliteLogOptions& options) {
  return OpenSqliteLogWith(options, EmbeddedMigrations());
}

}  // namespace suffice
