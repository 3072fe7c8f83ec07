// A closed loop: a fixed number of calls is always outstanding, each answer is followed by the next request. It finds
// what a server can answer at most. Its latencies say little: a server that stalls is asked less meanwhile (coordinated
// omission); see open_loop.h.
// Thread contract: one thread at a time, which sends and receives.
#pragma once

#include <grpcpp/completion_queue.h>

#include <memory>
#include <vector>

#include "call.h"
#include "load_result.h"

namespace suffice::load {

class ClosedLoop {
 public:
  // REQUIRES: outstanding >= 1.
  ClosedLoop(const CallMaker& make, int outstanding);
  // Waits for what is outstanding.
  ~ClosedLoop();
  ClosedLoop(const ClosedLoop&) = delete;
  ClosedLoop& operator=(const ClosedLoop&) = delete;

  // Goes on for so long, and tells what was answered meanwhile. Between two runs the calls stay outstanding.
  LoadResult RunFor(double seconds);

 private:
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<Call>> calls_;
};

}  // namespace suffice::load
