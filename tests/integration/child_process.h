// Child processes of a test: started by posix_spawn, with their output read through pipes. Nothing here sleeps: waiting
// is poll on a pipe, or waitpid. Thread contract: one thread at a time for each object.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace suffice {

// How a process ended.
struct Exit {
  int code = -1;   // -1: by a signal
  int signal = 0;  // 0: by itself
};

class ChildProcess {
 public:
  // Runs the project's binary. Its standard input is empty.
  explicit ChildProcess(const std::vector<std::string>& args);
  // Kills what still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Reads standard error until `text` is there, and returns the rest of its line. Throws with all that was read when
  // the process closes it first, or after 20 s.
  std::string WaitForStderr(const std::string& text);
  void Signal(int number) const;
  pid_t pid() const { return pid_; }
  // Reads both outputs to their end, then waits.
  Exit Wait();

  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  // False at the end of both pipes, or when `timeout_ms` passes.
  bool ReadSome(int timeout_ms);

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  std::string out_;
  std::string err_;
  size_t err_seen_ = 0;  // WaitForStderr looks from here
};

}  // namespace suffice
