#include "open_loop.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "idle_calls.h"
#include "nanos.h"
#include "sleep_until.h"

namespace suffice::load {
namespace {

// Receives until the queue is shut down. Counts what was due from `begin_ns` on.
LoadResult Receive(grpc::CompletionQueue& queue, IdleCalls& idle, int64_t begin_ns) {
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
  IdleCalls idle(make, options.max_outstanding);
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
  idle.WaitForAll();
  queue.Shutdown();
  receiver.join();
  return result;
}

}  // namespace suffice::load
