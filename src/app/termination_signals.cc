#include "app/termination_signals.h"

#include <algorithm>
#include <cerrno>
#include <initializer_list>

#include "absl/time/clock.h"

namespace suffice {

TerminationSignals::TerminationSignals() {
  sigemptyset(&signals_);
  for (const int number : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals_, number);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit of size is an error of the write, as a full disk is
}

int TerminationSignals::Wait() const {
  int number = 0;
  while (sigwait(&signals_, &number) != 0) {
  }
  return number;
}

std::optional<int> TerminationSignals::WaitFor(absl::Duration longest) const {
  const absl::Time deadline = absl::Now() + longest;
  for (;;) {
    const timespec left = absl::ToTimespec(std::max(absl::ZeroDuration(), deadline - absl::Now()));
    const int number = sigtimedwait(&signals_, nullptr, &left);
    if (number > 0) return number;
    if (errno != EINTR) return std::nullopt;
  }
}

void TerminationSignals::Release() const {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
}

}  // namespace suffice
