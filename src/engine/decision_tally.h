// What Route answered, counted for the status.
// Thread contract: thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "suffice/engine.h"
#include "suffice/types.h"

namespace suffice {

class DecisionTally {
 public:
  // One answer of Route that was no dry run.
  void Add(const absl::StatusOr<Decision>& answer);
  // A decision from before the start: it counts for the tiers' shares alone.
  void Recall(const std::string& tier);

  // Fills in infeasible_decisions, audit_share, and the share of each of status.tiers, which have their names.
  void Report(EngineStatus& status) const;

 private:
  void AddShare(const std::string& tier) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  double WeightOf(const std::string& tier) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  int64_t answers_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t audits_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t infeasible_ ABSL_GUARDED_BY(mutex_) = 0;
  // Decisions by tier, where each counts for a little more than the one before: old ones fade.
  std::vector<std::pair<std::string, double>> weights_ ABSL_GUARDED_BY(mutex_);
  double next_weight_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace suffice
