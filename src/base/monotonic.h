// Time and waits by a clock that nobody sets. Waits of absl::CondVar and absl::Mutex end by the wall clock: set back
// meanwhile by an hour, it would have them last an hour more.
// Thread contract: a MonotonicCondVar is thread-safe; a Seldom belongs to one thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace suffice {

using MonotonicTime = std::chrono::steady_clock::time_point;
inline MonotonicTime MonotonicNow() { return std::chrono::steady_clock::now(); }

// A condition variable beside an absl::Mutex.
class MonotonicCondVar {
 public:
  void Signal() { condition_.notify_one(); }
  // May end early, for no reason.
  void Wait(absl::Mutex* mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Lockable lockable{mutex};
    condition_.wait(lockable);
  }
  // Until `done`, and not longer than `longest`.
  template <typename Duration, typename Predicate>
  void WaitFor(absl::Mutex* mutex, Duration longest, Predicate done) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Lockable lockable{mutex};
    condition_.wait_until(lockable, MonotonicNow() + longest, std::move(done));
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

// When to tell of what happens often: at once, and then at most once a minute.
class Seldom {
 public:
  bool IsDue() {
    const MonotonicTime now = MonotonicNow();
    if (now < next_) return false;
    next_ = now + std::chrono::minutes(1);
    return true;
  }

 private:
  MonotonicTime next_ = MonotonicTime::min();
};

}  // namespace suffice
