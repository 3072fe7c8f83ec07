// The thread that follows the log: folds, publishes snapshots (with soft budgets' targets, at least once a second while
// decisions are made), follows promotions and ramps releases up, fits the first feature projection, keeps states to
// restart from. Thread contract: thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/monotonic.h"
#include "engine/gate.h"
#include "engine/ramp.h"
#include "engine/retention.h"
#include "learner/learner.h"
#include "learner/snapshot.h"
#include "log/event_log.h"

namespace suffice {

class LearnerLoop {
 public:
  // Takes a caught-up learner and publishes its first snapshot. `config` is the operator's, without a release's keys.
  // `log`, `source`, `clock` and `gate` outlive the loop.
  LearnerLoop(Learner learner, std::shared_ptr<const Config> config, EventLog* log, SnapshotSource* source,
              const Clock* clock, Gate* gate);
  ~LearnerLoop();

  // Something was committed. Cheap.
  void Notify();
  // Waits until everything committed before the call is folded and published.
  absl::Status Sync();
  // Why the log cannot be read and folded at present; empty: it can. What the log's writer tells of itself is not here.
  std::string error() const;
  // Waits until the new configuration is in the published snapshot.
  absl::Status Reload(std::shared_ptr<const Config> config);
  // Keeps a last state and stops. Idempotent.
  absl::Status Stop();

 private:
  void Run();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsUrgent() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Keeps the error, and says it once.
  void Note(const absl::Status& round) ABSL_LOCKS_EXCLUDED(mutex_);
  // Has the loop serve a new ticket, and waits for that.
  absl::Status Ask() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // One round on the loop's thread: takes what was asked for, folds, publishes.
  absl::Status Round(std::shared_ptr<const Config> config, FeatureSetPtr fitted);
  absl::Status TakeConfig(std::shared_ptr<const Config> config);
  // Looks whether another promotion is in force; true: the base changed.
  absl::StatusOr<bool> FollowPromotions();
  // A learner on a release: one that is at hand, or a new one that has caught up.
  absl::StatusOr<Learner> LearnerOn(int64_t release);
  absl::Status BeginRamp();
  absl::Status StepRamp();
  // Warns of the alarms that came since the last snapshot.
  void TellAlarms() const;
  // Likewise of senders whose feedback departs from the others'.
  void TellDepartures() const;
  absl::Status Publish(bool with_state);
  absl::Status PublishCandidate();
  // Deletes some of what is too old, but not while a release is ramped up: its trial is a fold of all since the release.
  absl::Status DeleteOld();
  void MaybeStartFit();

  EventLog* const log_;
  SnapshotSource* const source_;
  const Clock* const clock_;
  const std::chrono::steady_clock::duration publish_interval_;
  Gate* const gate_;

  // The loop's thread only (and the constructor).
  std::shared_ptr<const Config> base_config_;  // without the keys of a release
  Learner learner_;
  std::optional<Learner> candidate_;  // while a release is ramped up
  std::optional<RampTrial> trial_;    // likewise
  bool candidate_published_ = false;  // since it began or was configured anew
  std::optional<Learner> parked_;     // that served before: a rollback goes on from it
  PromotionRecord promotion_;         // in force
  int64_t last_number_ = 0;           // of snapshots
  MonotonicTime next_pacing_ = MonotonicTime::min();
  LogCursor published_;
  int64_t published_decisions_ = 0;  // of the gate
  LogCursor kept_;                  // cursor of the newest kept state
  size_t kept_bytes_ = 0;           // of that state; 0 until one is kept
  Retention retention_;
  bool fit_started_ = false;
  std::thread fit_thread_;

  mutable absl::Mutex mutex_;
  MonotonicCondVar wake_;  // for the loop: there is work
  bool dirty_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t asked_ ABSL_GUARDED_BY(mutex_) = 0;  // tickets of Sync and Reload
  int64_t served_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status last_status_ ABSL_GUARDED_BY(mutex_);
  absl::Status last_round_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Config> new_config_ ABSL_GUARDED_BY(mutex_);
  FeatureSetPtr fitted_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace suffice
