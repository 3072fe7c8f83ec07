#include "overload_loop.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "nanos.h"
#include "sleep_until.h"

namespace suffice::load {
namespace {

constexpr int64_t kMostLate_ns = 20'000'000;

// Calls that are not outstanding.
class Idle {
 public:
  explicit Idle(std::vector<Call*> calls) : all_(calls.size()), calls_(std::move(calls)) {}
  // Null: there is none.
  Call* TryTake() {
    absl::MutexLock lock(&mutex_);
    if (calls_.empty()) return nullptr;
    Call* const call = calls_.back();
    calls_.pop_back();
    return call;
  }
  void Give(Call* call) {
    absl::MutexLock lock(&mutex_);
    calls_.push_back(call);
  }
  void WaitForAll() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Idle::HasAll));
  }

 private:
  bool HasAll() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return calls_.size() == all_; }
  const size_t all_;
  absl::Mutex mutex_;
  std::vector<Call*> calls_ ABSL_GUARDED_BY(mutex_);
};

void Count(const Call& call, int64_t nanos, OverloadResult& result) {
  switch (call.status().error_code()) {
    case grpc::StatusCode::OK:
      ++result.answered;
      return result.answer_ns.Add(nanos);
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      ++result.refused;
      return result.refusal_ns.Add(nanos);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      ++result.expired;
      return;
    default:
      ++result.failed;
  }
}

// Receives until the queue is shut down. Counts what was sent from `begin_ns` on; `seconds` run until the last answer.
void Receive(grpc::CompletionQueue& queue, Idle& idle, int64_t begin_ns, OverloadResult& result) {
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
    Call* const call = static_cast<Call*>(tag);
    if (call->intended_ns >= begin_ns) {
      const int64_t now = NowNanos();
      Count(*call, now - call->intended_ns, result);
      result.seconds = std::max(result.seconds, Seconds(now - begin_ns));
    }
    idle.Give(call);
  }
}

}  // namespace

OverloadResult RunOverload(const CallMaker& make, const OverloadOptions& options) {
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
  OverloadResult result{.seconds = options.seconds};
  std::thread receiver([&] { Receive(queue, idle, begin, result); });
  int64_t unsent = 0;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t due = start + std::llround(static_cast<double>(i) * interval_ns);
    if (due > NowNanos()) SleepUntil(due);
    // A generator that is late itself does not catch up: it would send in bursts, and later than it is asked to.
    Call* const call = NowNanos() - due < kMostLate_ns ? idle.TryTake() : nullptr;
    if (call == nullptr) {
      if (due >= begin) ++unsent;
      continue;
    }
    call->intended_ns = NowNanos();
    call->Start(queue);
  }
  idle.WaitForAll();
  queue.Shutdown();
  receiver.join();
  result.unsent = unsent;
  return result;
}

}  // namespace suffice::load
