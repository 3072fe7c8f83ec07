#include "closed_loop.h"

#include "nanos.h"

namespace suffice::load {

ClosedLoop::ClosedLoop(const CallMaker& make, int outstanding) {
  for (int i = 0; i < outstanding; ++i) {
    calls_.push_back(make());
    calls_.back()->intended_ns = NowNanos();
    calls_.back()->Start(queue_);
  }
}

ClosedLoop::~ClosedLoop() {
  void* tag = nullptr;
  bool ok = false;
  for (size_t left = calls_.size(); left > 0 && queue_.Next(&tag, &ok); --left) {
  }
  queue_.Shutdown();
  while (queue_.Next(&tag, &ok)) {
  }
}

LoadResult ClosedLoop::RunFor(double seconds) {
  LoadResult result;
  const int64_t start = NowNanos();
  const int64_t end = start + static_cast<int64_t>(seconds * kNanosPerSecond);
  int64_t now = start;
  void* tag = nullptr;
  bool ok = false;
  while (now < end && queue_.Next(&tag, &ok)) {
    Call* const call = static_cast<Call*>(tag);
    now = NowNanos();
    if (call->status().ok()) {
      ++result.completed;
      result.latency_ns.Add(now - call->intended_ns);
    } else {
      ++result.failed;
    }
    call->intended_ns = now;
    call->Start(queue_);
  }
  result.seconds = Seconds(now - start);
  return result;
}

}  // namespace suffice::load
