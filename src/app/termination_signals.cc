#include "app/termination_signals.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <initializer_list>

#include "base/monotonic.h"

namespace suffice {
namespace {

sigset_t SetOf(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

// Tells the watcher of EndAtOnce that its time is over.
constexpr int kWatchNoMore = SIGUSR1;

}  // namespace

TerminationSignals::TerminationSignals() : signals_(SetOf({SIGHUP, SIGTERM, SIGINT})) {
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
  const MonotonicTime deadline = MonotonicNow() + absl::ToChronoNanoseconds(longest);
  for (;;) {
    const absl::Duration rest = absl::FromChrono(deadline - MonotonicNow());
    const timespec left = absl::ToTimespec(std::max(absl::ZeroDuration(), rest));
    const int number = sigtimedwait(&signals_, nullptr, &left);
    if (number > 0) return number;
    if (errno != EINTR) return std::nullopt;
  }
}

void TerminationSignals::Release() const {
  const sigset_t ending = SetOf({SIGTERM, SIGINT});
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
}

TerminationSignals::EndAtOnce::EndAtOnce() {
  const sigset_t own = SetOf({kWatchNoMore});
  pthread_sigmask(SIG_BLOCK, &own, nullptr);
  watcher_ = std::thread([] {
    const sigset_t watched = SetOf({SIGTERM, SIGINT, kWatchNoMore});
    int number = 0;
    while (sigwait(&watched, &number) != 0) {
    }
    if (number == kWatchNoMore) return;
    const sigset_t ending = SetOf({number});
    pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
    std::raise(number);
    std::_Exit(128 + number);  // the first process of a container survives its own signal
  });
}

TerminationSignals::EndAtOnce::~EndAtOnce() {
  pthread_kill(watcher_.native_handle(), kWatchNoMore);
  watcher_.join();
}

}  // namespace suffice
