#include "open_loop.h"

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "nanos.h"
#include "sleep_until.h"

namespace suffice::load {
namespace {

// Calls that are not outstanding.
class Idle {
 public:
  explicit Idle(std::vector<Call*> calls) : calls_(std::move(calls)) {}
  // Waits until there is one.
  Call* Take() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Idle::Any));
    Call* const call = calls_.back();
    calls_.pop_back();
    return call;
  }
  void Give(Call* call) {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(call);
  }

 private:
  bool Any() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !calls_.empty(); }
  absl::Mutex mutex_;
  std::vector<Call*> calls_ ABSL_GUARDED_BY(mutex_);
};

// Receives until the queue is shut down. Counts what was due from `begin_ns` on.
LoadResult Receive(grpc::CompletionQueue& queue, Idle& idle, int64_t begin_ns) {
  LoadResult result;
  int64_t last_ns = begin_ns;
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
    Call* const call = static_cast<Call*>(tag);
    const int64_t now = NowNanos();
    if (call->intended_ns >= begin_ns) {
      last_ns = now;
      if (call->status().ok()) {
        ++result.completed;
        result.latency_ns.Add(now - call->intended_ns);
      } else {
        ++result.failed;
      }
    }
    idle.Give(call);
  }
  result.seconds = Seconds(last_ns - begin_ns);
  return result;
}

}  // namespace

LoadResult RunOpenLoop(const CallMaker& make, const OpenLoopOptions& options) {
  SleepExactly();
  std::vector<std::unique_ptr<Call>> calls;
  std::vector<Call*> all;
  for (int i = 0; i < options.max_outstanding; ++i) {
    calls.push_back(make());
    all.push_back(calls.back().get());
  }
  Idle idle(all);
  const double interval_ns = kNanosPerSecond / options.per_second;
  const auto count = std::llround((options.warmup_s + options.seconds) * options.per_second);
  const int64_t start = NowNanos();
  const int64_t begin = start + std::llround(options.warmup_s * kNanosPerSecond);
  grpc::CompletionQueue queue;
  LoadResult result;
  std::thread receiver([&] { result = Receive(queue, idle, begin); });
  for (int64_t i = 0; i < count; ++i) {
    const int64_t due = start + std::llround(static_cast<double>(i) * interval_ns);
    if (due > NowNanos()) SleepUntil(due);
    Call* const call = idle.Take();
    call->intended_ns = due;
    call->Start(queue);
  }
  // All calls are idle once everything is answered.
  for (int i = 0; i < options.max_outstanding; ++i) idle.Take();
  queue.Shutdown();
  receiver.join();
  return result;
}

}  // namespace suffice::load
