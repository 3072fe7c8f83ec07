#include "overload_loop.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "idle_calls.h"
#include "nanos.h"
#include "sleep_until.h"

namespace suffice::load {
namespace {

constexpr int64_t kMostLate_ns = 20'000'000;

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
void Receive(grpc::CompletionQueue& queue, IdleCalls& idle, int64_t begin_ns, OverloadResult& result) {
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
  IdleCalls idle(make, options.max_outstanding);
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
