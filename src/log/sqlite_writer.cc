#include "log/sqlite_writer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

#include "absl/synchronization/notification.h"
#include "base/status_macros.h"
#include "log/rules.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr size_t kBatchRows = 1024;
constexpr size_t kSpareRows = 256;
using std::chrono::milliseconds;
constexpr milliseconds kGroupPause(10);
constexpr milliseconds kFirstPause(20);
constexpr milliseconds kLongestPause(1000);
constexpr milliseconds kRetryFullQueue(100);  // of a log that is written

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

int64_t MicrosOf(std::chrono::microseconds duration) { return duration.count(); }

absl::Status LogUnavailableError(std::string_view why) {
  const absl::Status error = absl::UnavailableError(fmt::format("the event log cannot be written: {}", why));
  return WithRetryAfter(WithReason(error, "LOG_UNAVAILABLE"), MicrosOf(kLongestPause));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteWriter>> SqliteWriter::Start(Database database, const Options& options) {
  std::unique_ptr<SqliteWriter> writer(new SqliteWriter(std::move(database), options));
  writer->pause_ = kFirstPause;
  SUFFICE_ASSIGN_OR_RETURN(writer->tables_, LogTables::Prepare(writer->database_, options.settle));
  SUFFICE_RETURN_IF_ERROR(writer->SetSynchronous(options.durability == Durability::kFull));
  writer->thread_ = std::thread([raw = writer.get()] { raw->Loop(); });
  return writer;
}

SqliteWriter::~SqliteWriter() { (void)Stop(); }

std::unique_ptr<DecisionRecord> SqliteWriter::TakeSpare() {
  absl::MutexLock lock(&mutex_);
  if (spare_.empty()) return std::make_unique<DecisionRecord>();
  std::unique_ptr<DecisionRecord> spare = std::move(spare_.back());
  spare_.pop_back();
  return spare;
}

absl::Status SqliteWriter::Append(DecisionRecord&& decision, EventLog::Done done, EventLog::WhenFailed when_failed) {
  std::unique_ptr<DecisionRecord> row = TakeSpare();
  std::swap(*row, decision);
  Entry entry{.row = std::move(row),
              .retry = done == nullptr || when_failed == EventLog::WhenFailed::kRetry,
              .awaited = done != nullptr && when_failed == EventLog::WhenFailed::kAnswer,
              .done = std::move(done)};
  return Enqueue(entry);
}

absl::Status SqliteWriter::Append(EvaluationRows evaluation) {
  Entry entry{.row = std::make_unique<EvaluationRows>(std::move(evaluation)), .retry = true};
  return Enqueue(entry);
}

void SqliteWriter::Append(OutcomeRecord outcome, EventLog::Done done) {
  EnqueueOrAnswer({.row = std::move(outcome), .awaited = true, .done = std::move(done)});
}

void SqliteWriter::Append(FeedbackRecord feedback, EventLog::Done done) {
  EnqueueOrAnswer({.row = std::move(feedback), .awaited = true, .done = std::move(done)});
}

void SqliteWriter::EnqueueOrAnswer(Entry entry) {
  absl::Status queued = Enqueue(entry);
  if (!queued.ok() && entry.done) entry.done(std::move(queued));
}

// Takes `entry` only when it is queued.
absl::Status SqliteWriter::Enqueue(Entry& entry) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return ClosedError();
  const bool is_row = !std::holds_alternative<JobRow>(entry.row);
  if (is_row && waiting_rows_ >= options_.queue_capacity) {
    const bool well = counters_.error.empty();
    const absl::Status full = absl::ResourceExhaustedError(
        fmt::format("{} rows wait to be written, as many as log.queue_capacity allows; retry later{}", waiting_rows_,
                    well ? "" : fmt::format(" (last write failed: {})", counters_.error)));
    return WithRetryAfter(WithReason(full, "QUEUE_FULL"),
                          MicrosOf(well ? kRetryFullQueue : kLongestPause));
  }
  waiting_rows_ += is_row;
  const bool hurried = hurry_;
  hurry_ |= entry.awaited || queue_.size() + 1 >= kBatchRows;
  queue_.push_back(std::move(entry));
  if (queue_.size() == 1 || hurry_ != hurried) wake_.Signal();
  return absl::OkStatus();
}

absl::Status SqliteWriter::RunJob(Job job) {
  absl::Status result;
  absl::Notification finished;
  Entry entry{.row = JobRow{std::move(job),
                            [&](absl::Status status) {
                              result = std::move(status);
                              finished.Notify();
                            }},
              .awaited = true};
  SUFFICE_RETURN_IF_ERROR(Enqueue(entry));
  finished.WaitForNotification();
  return result;
}

absl::Status SqliteWriter::Flush() {
  bool stopping;
  {
    absl::MutexLock lock(&mutex_);
    stopping = stopping_;
  }
  return stopping ? Stop() : RunJob([](LogTables&) { return absl::OkStatus(); });
}

LogCounters SqliteWriter::counters() const {
  absl::MutexLock lock(&mutex_);
  LogCounters counters = counters_;
  counters.queued = waiting_rows_;
  return counters;
}

void SqliteWriter::SetCommitListener(std::function<void()> listener) {
  absl::MutexLock lock(&mutex_);
  listener_ = std::move(listener);
}

absl::Status SqliteWriter::Stop() {
  absl::MutexLock stop_lock(&stop_mutex_);
  if (stopped_) return *stopped_;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    wake_.Signal();
  }
  if (thread_.joinable()) thread_.join();
  absl::MutexLock lock(&mutex_);
  stopped_ = absl::OkStatus();
  if (lost_rows_ > 0) {
    stopped_ = absl::UnavailableError(fmt::format("{} rows were not written: {}", lost_rows_, counters_.error));
  }
  tables_.reset();
  (void)database_.Execute("PRAGMA wal_checkpoint(TRUNCATE)");  // only saves work at the next start
  database_ = Database();
  return *stopped_;
}

void SqliteWriter::Loop() {
  while (true) {
    std::optional<Batch> batch = Take();
    if (!batch) return;
    const absl::Status written = WriteBatch(*batch);
    if (written.ok()) {
      AnswerCommitted(*batch);
      continue;
    }
    const absl::Status error = LogUnavailableError(std::string(written.message()));
    AnswerFailed(*batch, error);
    bool stopping;
    {
      absl::MutexLock lock(&mutex_);
      stopping = stopping_;
    }
    if (stopping) return GiveUp(*std::move(batch), error);
    Retry(*std::move(batch));
  }
}

std::optional<SqliteWriter::Batch> SqliteWriter::Take() {
  absl::MutexLock lock(&mutex_);
  while (queue_.empty() && !stopping_ && !failing_) wake_.Wait(&mutex_);
  if (queue_.empty() && stopping_) return std::nullopt;
  const auto may_not_wait = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return hurry_ || stopping_ || failing_; };
  wake_.WaitFor(&mutex_, kGroupPause, may_not_wait);
  const size_t count = std::min(queue_.size(), kBatchRows);
  hurry_ = queue_.size() > count;
  Batch batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.begin() + count));
  queue_.erase(queue_.begin(), queue_.begin() + count);
  return batch;
}

absl::Status SqliteWriter::SetSynchronous(bool full) {
  if (full == synchronous_full_) return absl::OkStatus();
  SUFFICE_RETURN_IF_ERROR(database_.Execute(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  synchronous_full_ = full;
  return absl::OkStatus();
}

absl::Status SqliteWriter::WriteBatch(Batch& batch) {
  const bool has_job = std::any_of(batch.begin(), batch.end(),
                                   [](const Entry& entry) { return std::holds_alternative<JobRow>(entry.row); });
  SUFFICE_RETURN_IF_ERROR(SetSynchronous(has_job || options_.durability == Durability::kFull));
  absl::Status status;
  {
    Transaction transaction(database_, Transaction::Kind::kWrite);
    status = transaction.status();
    if (status.ok() && failing_) status = WriteProbe();
    for (auto entry = batch.begin(); status.ok() && entry != batch.end(); ++entry) status = WriteEntry(*entry);
    if (status.ok()) status = transaction.Commit();
  }
  if (!status.ok()) tables_->RolledBack();
  return status;
}

absl::Status SqliteWriter::WriteProbe() {
  return database_.Execute(
      "INSERT INTO meta (key, value) VALUES ('write_probes', '1') "
      "ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1");
}

absl::Status SqliteWriter::WriteEntry(Entry& entry) {
  absl::Status status = std::visit(
      Overloaded{
          [&](const std::unique_ptr<DecisionRecord>& row) { return tables_->WriteDecision(*row, entry.answer); },
          [&](const std::unique_ptr<EvaluationRows>& row) {
            return tables_->WriteEvaluation(row->decision, row->outcome, row->feedback);
          },
          [&](const OutcomeRecord& row) { return tables_->WriteOutcome(row, entry.answer); },
          [&](const FeedbackRecord& row) { return tables_->WriteFeedback(row, entry.answer); },
          [&](const JobRow& row) { return row.job(*tables_); }},
      entry.row);
  if (status.ok() || !IsRowError(status)) return status;
  // One bad row must not fail its neighbours.
  spdlog::error("event log: a row was refused: {}", std::string(status.message()));
  entry.answer = absl::InternalError(status.message());
  return absl::OkStatus();
}

void SqliteWriter::AnswerCommitted(Batch& batch) {
  const LogCounters added = tables_->pending();
  tables_->Committed();
  failing_ = false;
  pause_ = kFirstPause;
  std::function<void()> listener;
  bool recovered;
  {
    absl::MutexLock lock(&mutex_);
    recovered = !counters_.error.empty();
    counters_.error.clear();
    counters_.decisions += added.decisions;
    counters_.outcomes += added.outcomes;
    counters_.feedbacks += added.feedbacks;
    counters_.unknown_outcomes += added.unknown_outcomes;
    counters_.unknown_feedbacks += added.unknown_feedbacks;
    counters_.wrong_model_outcomes += added.wrong_model_outcomes;
    counters_.duplicates += added.duplicates;
    for (Entry& entry : batch) {
      waiting_rows_ -= !std::holds_alternative<JobRow>(entry.row);
      auto* const row = std::get_if<std::unique_ptr<DecisionRecord>>(&entry.row);
      if (row != nullptr && spare_.size() < kSpareRows) spare_.push_back(std::move(*row));
    }
    if (added.outcomes + added.feedbacks > 0) listener = listener_;
  }
  if (recovered) spdlog::info("event log: writing again");
  for (Entry& entry : batch) {
    if (entry.done) entry.done(std::move(entry.answer));
  }
  if (listener) listener();
  // Jobs last: whoever waited for a flush finds every answer given and the listener told.
  for (Entry& entry : batch) {
    if (auto* job = std::get_if<JobRow>(&entry.row)) job->done(entry.answer.status());
  }
}

void SqliteWriter::AnswerFailed(Batch& batch, const absl::Status& error) {
  failing_ = true;
  const auto kept =
      std::stable_partition(batch.begin(), batch.end(), [](const Entry& entry) { return entry.retry; });
  Batch answered(std::make_move_iterator(kept), std::make_move_iterator(batch.end()));
  batch.erase(kept, batch.end());
  bool first;
  {
    absl::MutexLock lock(&mutex_);
    first = counters_.error.empty();
    counters_.error = std::string(error.message());
    for (const Entry& entry : answered) waiting_rows_ -= !std::holds_alternative<JobRow>(entry.row);
  }
  if (first) spdlog::error("{}; trying again", std::string(error.message()));
  for (Entry& entry : answered) {
    if (entry.done) entry.done(error);
    if (auto* job = std::get_if<JobRow>(&entry.row)) job->done(error);
  }
}

void SqliteWriter::Retry(Batch batch) {
  const milliseconds pause = pause_;
  pause_ = std::min(2 * pause_, kLongestPause);
  absl::MutexLock lock(&mutex_);
  queue_.insert(queue_.begin(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  wake_.WaitFor(&mutex_, pause, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; });
}

void SqliteWriter::GiveUp(Batch batch, const absl::Status& error) {
  Batch rest;
  {
    absl::MutexLock lock(&mutex_);
    rest.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    queue_.clear();
  }
  std::move(rest.begin(), rest.end(), std::back_inserter(batch));
  AnswerFailed(batch, error);
  for (Entry& entry : batch) {
    if (entry.done) entry.done(error);
  }
  absl::MutexLock lock(&mutex_);
  lost_rows_ = static_cast<int64_t>(batch.size());
  waiting_rows_ -= lost_rows_;
}

}  // namespace suffice
