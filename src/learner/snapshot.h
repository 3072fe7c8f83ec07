// The immutable, numbered state that Route reads: configuration, features and one model per tier.
// Thread contract: Snapshot is immutable; SnapshotPublisher is thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "estimates/tier_model.h"
#include "features/feature_set.h"
#include "learner/limit_solver.h"
#include "learner/limits_in_force.h"
#include "learner/statistics.h"
#include "log/records.h"
#include "suffice/config.h"
#include "suffice/trust_status.h"

namespace suffice {

// What a tier's drift came to so far.
struct TierDriftView {
  double cost_ratio = 1;  // observed over predicted cost
  int64_t alarms = 0;
  int64_t last_alarm_us = 0;  // 0: none
};

struct Snapshot {
  int64_t number = 0;
  int64_t release = 0;  // that the statistics began with; 0: none
  LogCursor cursor;  // how much of the log is folded in
  std::shared_ptr<const Config> config;
  std::string config_hash;
  FeatureSetPtr features;
  std::vector<TierModel> models;  // one for each tier of the configuration, in its order
  std::vector<TierDriftView> drift;  // likewise
  LimitsInForce limits;
  std::vector<double> multipliers;  // of the limits' dual, where the next solution begins
  double observations = 0;        // rewards behind it
  std::vector<SenderStatus> senders;  // whose feedback departs from the others', strongest first
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

// Fits every tier's model. A tier with little data among well-known ones starts from `policy.new_tier.weight`
// pseudo-observations at the mean of the others.
// The limits are solved as of `limits`.
SnapshotPtr MakeSnapshot(int64_t number, LogCursor cursor, std::shared_ptr<const Config> config,
                         std::string config_hash, const Statistics& statistics, const LimitInputs& limits);
// The same without any past of the limits.
SnapshotPtr MakeSnapshot(int64_t number, LogCursor cursor, std::shared_ptr<const Config> config,
                         std::string config_hash, const Statistics& statistics);

// Hands the newest snapshot to any number of readers. A read costs one relaxed load when nothing changed: the pointer
// is cached per thread and checked against a version (std::atomic<std::shared_ptr> takes a lock in g++ 12).
class SnapshotPublisher {
 public:
  SnapshotPublisher();
  void Publish(SnapshotPtr snapshot);
  // The newest snapshot; null before the first Publish. The reference is valid on this thread until its next call to
  // any publisher's Get.
  const SnapshotPtr& Get() const;

 private:
  const uint64_t instance_;  // tells publishers apart in the threads' caches
  std::atomic<uint64_t> version_{0};
  mutable absl::Mutex mutex_;
  SnapshotPtr snapshot_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace suffice
