#include "evaluation/replay_log.h"

#include <utility>

#include "base/status_macros.h"

namespace suffice {
namespace {

constexpr int64_t kRowsBetweenFlushes = 8192;

}  // namespace

absl::StatusOr<std::unique_ptr<ReplayLog>> ReplayLog::Open(uint64_t salt, const std::string& path) {
  std::unique_ptr<ReplayLog> log(new ReplayLog(salt));
  if (path.empty()) return log;
  SUFFICE_ASSIGN_OR_RETURN(NewFile place, NewFile::At(path));
  // Nobody acts on a row before the whole file is there, so none needs to be on disk before.
  SUFFICE_ASSIGN_OR_RETURN(std::unique_ptr<EventLog> file, OpenSqliteLog({.path = place.partial(),
                                                                          .durability = Durability::kNormal,
                                                                          .queue_capacity = 4 * kRowsBetweenFlushes,
                                                                          .salt_if_new = salt}));
  log->file_.emplace(File{.place = std::move(place), .log = std::move(file)});
  return log;
}

absl::Status ReplayLog::Flush() {
  file_->queued = 0;
  SUFFICE_RETURN_IF_ERROR(file_->log->Flush());
  return *file_->first_error;
}

absl::Status ReplayLog::MakeRoom() { return ++file_->queued < kRowsBetweenFlushes ? absl::OkStatus() : Flush(); }

// The file accepts what the memory accepts; anything else is found at the next flush.
EventLog::Done ReplayLog::Expect() const {
  return [error = file_->first_error](const absl::StatusOr<Receipt>& receipt) { error->Update(receipt.status()); };
}

absl::Status ReplayLog::AppendDecision(DecisionRecord decision) {
  if (file_) {
    SUFFICE_RETURN_IF_ERROR(MakeRoom());
    SUFFICE_RETURN_IF_ERROR(file_->log->AppendDecision(decision));
  }
  return memory_->AppendDecision(std::move(decision));
}

absl::Status ReplayLog::AppendEvaluation(DecisionRecord decision, OutcomeRecord outcome, FeedbackRecord feedback) {
  if (file_) {
    SUFFICE_RETURN_IF_ERROR(MakeRoom());
    SUFFICE_RETURN_IF_ERROR(file_->log->AppendEvaluation(decision, outcome, feedback));
  }
  return memory_->AppendEvaluation(std::move(decision), std::move(outcome), std::move(feedback));
}

absl::StatusOr<Receipt> ReplayLog::AppendOutcome(OutcomeRecord outcome) {
  if (file_) {
    SUFFICE_RETURN_IF_ERROR(MakeRoom());
    file_->log->AppendOutcome(outcome, Expect());
  }
  absl::StatusOr<Receipt> answer;
  memory_->AppendOutcome(std::move(outcome),
                         [&answer](absl::StatusOr<Receipt> receipt) { answer = std::move(receipt); });
  return answer;
}

absl::Status ReplayLog::AppendFeedback(FeedbackRecord feedback) {
  if (file_) {
    SUFFICE_RETURN_IF_ERROR(MakeRoom());
    file_->log->AppendFeedback(feedback, Expect());
  }
  absl::Status status;
  memory_->AppendFeedback(std::move(feedback),
                          [&status](const absl::StatusOr<Receipt>& receipt) { status = receipt.status(); });
  return status;
}

absl::Status ReplayLog::SaveConfig(const Config& config) {
  const std::string yaml = ConfigToYaml(config);
  if (file_) SUFFICE_RETURN_IF_ERROR(file_->log->SaveConfig(config.Hash(), yaml));
  return memory_->SaveConfig(config.Hash(), yaml);
}

absl::Status ReplayLog::SaveFeatureSet(const FeatureSet& features) {
  return file_ ? file_->log->SaveFeatureSet(features.version(), features.Serialize()) : absl::OkStatus();
}

absl::Status ReplayLog::SaveSnapshot(SnapshotRecord snapshot) {
  return file_ ? file_->log->SaveSnapshot(std::move(snapshot)) : absl::OkStatus();
}

absl::Status ReplayLog::Close() {
  if (!file_) return absl::OkStatus();
  SUFFICE_RETURN_IF_ERROR(Flush());
  SUFFICE_RETURN_IF_ERROR(file_->log->Close());
  return file_->place.Commit();
}

}  // namespace suffice
