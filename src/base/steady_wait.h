// Waiting by a clock that nobody sets. Waits of absl::CondVar and absl::Mutex end by the wall clock: set back meanwhile
// by an hour, it would have them last an hour more.
// Thread contract: a SteadyCondVar is thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace suffice {

using SteadyTime = std::chrono::steady_clock::time_point;
inline SteadyTime SteadyNow() { return std::chrono::steady_clock::now(); }

// A condition variable beside an absl::Mutex. Waits may end early, for no reason.
class SteadyCondVar {
 public:
  void Signal() { condition_.notify_one(); }
  void Wait(absl::Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Lockable lockable{mutex};
    condition_.wait(lockable);
  }
  // Whether it is `until`.
  bool WaitUntil(absl::Mutex* mutex, SteadyTime until) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Lockable lockable{mutex};
    return condition_.wait_until(lockable, until) == std::cv_status::timeout;
  }

 private:
  // What the standard library wants of a mutex.
  struct Lockable {
    void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Lock(); }
    void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex->Unlock(); }
    absl::Mutex* mutex;
  };

  std::condition_variable_any condition_;
};

}  // namespace suffice
