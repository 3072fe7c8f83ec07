// The calls of an open loop, and which of them are not outstanding.
// Thread contract: thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "call.h"

namespace suffice::load {

class IdleCalls {
 public:
  IdleCalls(const CallMaker& make, int count);

  Call* Take();     // waits until there is one
  Call* TryTake();  // null: there is none
  void Give(Call* call);
  void WaitForAll();

 private:
  bool Any() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !idle_.empty(); }
  bool All() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return idle_.size() == calls_.size(); }
  Call* Pop() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::vector<std::unique_ptr<Call>> calls_;
  absl::Mutex mutex_;
  std::vector<Call*> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace suffice::load
