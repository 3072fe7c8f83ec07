#include "app/termination_signals.h"

#include <initializer_list>

namespace suffice {

TerminationSignals::TerminationSignals() {
  sigemptyset(&signals_);
  for (const int number : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals_, number);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int TerminationSignals::Wait() const {
  int number = 0;
  while (sigwait(&signals_, &number) != 0) {
  }
  return number;
}

void TerminationSignals::Release() const {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
}

}  // namespace suffice
