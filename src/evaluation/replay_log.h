// The log of one replay: in memory, and on demand also in a file that a server can go on from. The file gets the same
// rows in the same order, so that both assign the same places; the learner folds the one in memory, so a replay comes
// to the same numbers with a file and without. Thread contract: confined to one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "features/feature_set.h"
#include "log/event_log.h"
#include "log/new_file.h"

namespace suffice {

class ReplayLog {
 public:
  // `path`: of the file, which is there after Close and not before; empty: memory alone. ALREADY_EXISTS: there is one.
  static absl::StatusOr<std::unique_ptr<ReplayLog>> Open(uint64_t salt, const std::string& path);

  EventLog& memory() { return *memory_; }
  uint64_t salt() const { return memory_->salt(); }
  bool has_file() const { return file_.has_value(); }

  absl::Status AppendDecision(DecisionRecord decision);
  absl::Status AppendEvaluation(DecisionRecord decision, OutcomeRecord outcome, FeedbackRecord feedback);
  absl::StatusOr<Receipt> AppendOutcome(OutcomeRecord outcome);
  absl::Status AppendFeedback(FeedbackRecord feedback);
  absl::Status SaveConfig(const Config& config);
  // These two go to the file alone; they do nothing without one.
  absl::Status SaveFeatureSet(const FeatureSet& features);
  absl::Status SaveSnapshot(SnapshotRecord snapshot);

  // Completes the file.
  absl::Status Close();

 private:
  // The file under its temporary name.
  struct File {
    NewFile place;
    std::unique_ptr<EventLog> log;
    int64_t queued = 0;                                                            // rows since the last flush
    std::shared_ptr<absl::Status> first_error = std::make_shared<absl::Status>();  // written by the log's writer
  };

  explicit ReplayLog(uint64_t salt) : memory_(NewMemoryLog(salt)) {}
  // Keeps the file's queue from filling up. Call before a row is queued.
  absl::Status MakeRoom();
  absl::Status Flush();
  EventLog::Done Expect() const;

  const std::unique_ptr<EventLog> memory_;
  std::optional<File> file_;
};

}  // namespace suffice
