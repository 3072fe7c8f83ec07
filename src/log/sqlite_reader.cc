#include "log/sqlite_reader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/status_macros.h"
#include "log/decision_columns.h"
#include "log/event_columns.h"
#include "log/release_columns.h"
#include "log/rules.h"
#include "log/seal.h"

namespace suffice {
namespace {

// Decisions read at a time, so that a long scan holds neither the lock nor a snapshot.
constexpr int64_t kScanPage = 256;
constexpr std::string_view kSnapshotColumns =
    "number, time_us, outcome_seq, feedback_seq, feature_version, config_hash, release, state";

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteReader>> SqliteReader::Open(const std::string& path) {
  std::unique_ptr<SqliteReader> reader(new SqliteReader);
  absl::MutexLock lock(&reader->mutex_);
  SUFFICE_ASSIGN_OR_RETURN(reader->database_, Database::Open(path, Database::Access::kReadOnly));
  SUFFICE_RETURN_IF_ERROR(reader->database_.Execute(
      "PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
      "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384"));
  SUFFICE_RETURN_IF_ERROR(reader->Prepare());
  return reader;
}

absl::Status SqliteReader::Prepare() {
  const std::pair<Statement*, std::string> statements[] = {
      {&config_, "SELECT yaml FROM configs WHERE hash = ?1"},
      {&feature_set_, "SELECT bytes FROM feature_sets WHERE version = ?1"},
      {&newest_state_,
       fmt::format("SELECT {} FROM snapshots WHERE state IS NOT NULL ORDER BY number DESC", kSnapshotColumns)},
      {&base_,
       fmt::format("SELECT {} FROM snapshots WHERE number = (SELECT max(snapshot) FROM bases WHERE release = ?1)",
                   kSnapshotColumns)},
      {&first_time_, "SELECT time_us FROM decisions ORDER BY seq LIMIT 1"},
      {&newest_number_, "SELECT max(number) FROM snapshots"},
      {&newest_ledger_,
       "SELECT number, time_us, decision_seq, outcome_seq, state FROM ledger_states ORDER BY number DESC LIMIT 1"},
      {&newest_features_, "SELECT feature_version FROM snapshots WHERE release = ?1 ORDER BY number DESC LIMIT 1"},
      {&release_, fmt::format("SELECT {}, fit FROM releases WHERE number = ?1", kReleaseColumns)},
      {&newest_promotion_, fmt::format("SELECT {} FROM promotions ORDER BY seq DESC LIMIT 1", kPromotionColumns)},
      {&last_decision_, "SELECT max(seq) FROM decisions"},
      {&decision_seq_, "SELECT seq FROM decisions WHERE id = ?1"},
      {&decision_, fmt::format("SELECT {}, seq FROM decisions WHERE seq = ?1", kDecisionColumns)},
      {&decisions_,
       fmt::format("SELECT {}, seq FROM decisions WHERE seq > ?1 ORDER BY seq LIMIT ?2", kDecisionColumns)},
      {&outcome_, fmt::format("SELECT {} FROM outcomes WHERE decision_seq = ?1", kOutcomeColumns)},
      {&feedback_, fmt::format("SELECT {} FROM feedback WHERE decision_seq = ?1 ORDER BY seq", kFeedbackColumns)},
  };
  for (const auto& [statement, sql] : statements) {
    SUFFICE_ASSIGN_OR_RETURN(*statement, database_.Prepare(sql));
  }
  SUFFICE_ASSIGN_OR_RETURN(tail_, TailReader::Prepare(database_));
  return absl::OkStatus();
}

void SqliteReader::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  tail_ = TailReader();
  for (Statement* statement :
       {&config_, &feature_set_, &newest_state_, &base_, &first_time_, &newest_number_, &newest_ledger_, &newest_features_, &release_, &newest_promotion_,
        &last_decision_, &decision_seq_, &decision_, &decisions_, &outcome_, &feedback_}) {
    *statement = Statement();
  }
  database_ = Database();
}

absl::StatusOr<std::string> SqliteReader::LoadConfigText(const std::string& hash) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(config_);
  config_.BindText(1, hash);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, config_.Step());
  if (!row) return absl::NotFoundError(fmt::format("no configuration {}", hash));
  return config_.String(0);
}

absl::StatusOr<std::string> SqliteReader::LoadFeatureSet(uint64_t version) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(feature_set_);
  feature_set_.BindInt(1, static_cast<int64_t>(version));
  SUFFICE_ASSIGN_OR_RETURN(const bool row, feature_set_.Step());
  if (!row) return absl::NotFoundError(fmt::format("no feature set {:016x}", version));
  return feature_set_.String(0);
}

absl::StatusOr<std::optional<SnapshotRecord>> SqliteReader::ReadSnapshot(Statement& statement) {
  const ResetAtEnd reset(statement);
  absl::Status torn;
  while (true) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, statement.Step());
    if (!row) break;
    const int64_t number = statement.Int(0);
    const absl::StatusOr<std::string_view> state = Unseal(statement.Bytes(7));
    if (!state.ok()) {
      torn = absl::DataLossError(fmt::format("snapshot {} cannot be used: {}", number, std::string(state.status().message())));
      spdlog::warn("{}", std::string(torn.message()));
      continue;
    }
    if (!torn.ok()) spdlog::warn("going on from snapshot {}", number);
    return SnapshotRecord{.number = number,
                          .time_us = statement.Int(1),
                          .cursor = {statement.Int(2), statement.Int(3)},
                          .feature_version = static_cast<uint64_t>(statement.Int(4)),
                          .config_hash = statement.String(5),
                          .release = statement.Int(6),
                          .state = std::string(*state)};
  }
  if (!torn.ok()) return torn;
  return std::nullopt;
}

absl::StatusOr<std::optional<SnapshotRecord>> SqliteReader::NewestSnapshotWithState() {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  auto snapshot = ReadSnapshot(newest_state_);
  if (!absl::IsDataLoss(snapshot.status())) return snapshot;
  spdlog::warn("no kept snapshot can be used: folding the whole log");
  return std::nullopt;
}

absl::StatusOr<std::optional<SnapshotRecord>> SqliteReader::BaseOf(int64_t release) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  base_.BindInt(1, release);
  return ReadSnapshot(base_);
}

absl::StatusOr<std::optional<int64_t>> SqliteReader::FirstDecisionTime() {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(first_time_);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, first_time_.Step());
  if (!row) return std::nullopt;
  return first_time_.Int(0);
}

absl::StatusOr<std::optional<LedgerStateRecord>> SqliteReader::NewestLedgerState() {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(newest_ledger_);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, newest_ledger_.Step());
  if (!row) return std::nullopt;
  // Without its state a torn one says no more than its number; the ledger is then folded from the log.
  return LedgerStateRecord{.number = newest_ledger_.Int(0),
                           .time_us = newest_ledger_.Int(1),
                           .decision_seq = newest_ledger_.Int(2),
                           .outcome_seq = newest_ledger_.Int(3),
                           .state = std::string(Unseal(newest_ledger_.Bytes(4)).value_or(std::string_view()))};
}

absl::StatusOr<std::optional<uint64_t>> SqliteReader::NewestFeatureVersion(int64_t release) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(newest_features_);
  newest_features_.BindInt(1, release);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, newest_features_.Step());
  if (!row) return std::nullopt;
  return static_cast<uint64_t>(newest_features_.Int(0));
}

absl::StatusOr<ReleaseRecord> SqliteReader::LoadRelease(int64_t number) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(release_);
  release_.BindInt(1, number);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, release_.Step());
  if (!row) return UnknownReleaseError(number);
  ReleaseRecord record = ReadRelease(release_);
  record.fit = release_.String(kReleaseColumnCount);
  return record;
}

absl::StatusOr<std::optional<PromotionRecord>> SqliteReader::NewestPromotion() {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(newest_promotion_);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, newest_promotion_.Step());
  if (!row) return std::nullopt;
  return ReadPromotion(newest_promotion_);
}

absl::StatusOr<int64_t> SqliteReader::ReadInt(Statement& statement) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(statement);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Int(0) : 0;
}

absl::StatusOr<int64_t> SqliteReader::NewestSnapshotNumber() { return ReadInt(newest_number_); }
absl::StatusOr<int64_t> SqliteReader::LastDecisionSeq() { return ReadInt(last_decision_); }

absl::StatusOr<LogTail> SqliteReader::ReadTail(LogCursor from, int64_t limit) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  Transaction transaction(database_, Transaction::Kind::kRead);
  SUFFICE_RETURN_IF_ERROR(transaction.status());
  return tail_.Read(from, limit);
}

absl::StatusOr<ObservedDecision> SqliteReader::ReadObserved(int64_t seq) {
  ObservedDecision observed;
  const ResetAtEnd reset(decision_);
  decision_.BindInt(1, seq);
  SUFFICE_ASSIGN_OR_RETURN(const bool row, decision_.Step());
  if (!row) return absl::DataLossError(fmt::format("decision {} is missing from the log", seq));
  SUFFICE_ASSIGN_OR_RETURN(observed.decision, ReadDecision(decision_));
  SUFFICE_RETURN_IF_ERROR(ReadEvents(observed));
  return observed;
}

absl::Status SqliteReader::ReadEvents(ObservedDecision& observed) {
  const DecisionRecord& decision = observed.decision;
  const ResetAtEnd reset_outcome(outcome_), reset_feedback(feedback_);
  outcome_.BindInt(1, decision.seq);
  SUFFICE_ASSIGN_OR_RETURN(const bool has_outcome, outcome_.Step());
  if (has_outcome) {
    SUFFICE_ASSIGN_OR_RETURN(OutcomeRecord record, ReadOutcome(outcome_));
    record.outcome.decision_id = decision.id;
    record.outcome.tenant = decision.tenant;
    if (CanBe(record)) observed.outcome = std::move(record);
  }
  feedback_.BindInt(1, decision.seq);
  while (true) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, feedback_.Step());
    if (!row) return absl::OkStatus();
    SUFFICE_ASSIGN_OR_RETURN(FeedbackRecord record, ReadFeedback(feedback_));
    record.feedback.decision_id = decision.id;
    if (CanBe(record)) observed.feedback.push_back(std::move(record));
  }
}

absl::StatusOr<std::optional<ObservedDecision>> SqliteReader::Find(const DecisionId& id) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  Transaction transaction(database_, Transaction::Kind::kRead);
  SUFFICE_RETURN_IF_ERROR(transaction.status());
  const ResetAtEnd reset(decision_seq_);
  decision_seq_.BindBlob(1, id.Raw());
  SUFFICE_ASSIGN_OR_RETURN(const bool row, decision_seq_.Step());
  if (!row) return std::nullopt;
  return ReadObserved(decision_seq_.Int(0));
}

absl::StatusOr<std::vector<DecisionRecord>> SqliteReader::ReadDecisions(int64_t after, int64_t limit) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ClosedError();
  const ResetAtEnd reset(decisions_);
  decisions_.BindInt(1, after);
  decisions_.BindInt(2, limit);
  std::vector<DecisionRecord> page;
  while (true) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, decisions_.Step());
    if (!row) return page;
    SUFFICE_ASSIGN_OR_RETURN(DecisionRecord decision, ReadDecision(decisions_));
    SUFFICE_RETURN_IF_ERROR(decisions_.MoveOn(decision.seq, after));
    page.push_back(std::move(decision));
  }
}

absl::Status SqliteReader::ScanDecisions(int64_t after, int64_t limit,
                                         const std::function<bool(const DecisionRecord&)>& visit) {
  while (limit > 0) {
    SUFFICE_ASSIGN_OR_RETURN(const std::vector<DecisionRecord> page, ReadDecisions(after, std::min(limit, kScanPage)));
    for (const DecisionRecord& decision : page) {
      if (!visit(decision)) return absl::OkStatus();
    }
    if (page.empty()) return absl::OkStatus();
    after = page.back().seq;
    limit -= static_cast<int64_t>(page.size());
  }
  return absl::OkStatus();
}

}  // namespace suffice
