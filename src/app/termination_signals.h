// SIGHUP, SIGTERM and SIGINT as something to wait for instead of handlers.
// Thread contract: construct on the main thread before any other thread starts, so that all inherit the mask; use
// there.
#pragma once

#include <csignal>
#include <optional>
#include <thread>

#include "absl/time/time.h"

namespace suffice {

class TerminationSignals {
 public:
  // Blocks the three in this thread and all it will start, and ignores SIGPIPE and SIGXFSZ.
  TerminationSignals();
  // The next one of the three.
  int Wait() const;
  // The same, but nothing when none comes within `longest`.
  std::optional<int> WaitFor(absl::Duration longest) const;
  // From here on SIGTERM and SIGINT end the process at once.
  void Release() const;

  // While it lives SIGTERM and SIGINT end the process at once; SIGHUP waits.
  class EndAtOnce {
   public:
    EndAtOnce();
    ~EndAtOnce();
    EndAtOnce(const EndAtOnce&) = delete;
    EndAtOnce& operator=(const EndAtOnce&) = delete;

   private:
    std::thread watcher_;
  };

 private:
  sigset_t signals_;
};

}  // namespace suffice
