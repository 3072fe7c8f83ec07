// A child process that ends with its parent.
// Thread contract: one thread at a time. Start from the main thread: the child is killed when the thread that started
// it ends.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace suffice::load {

class Child {
 public:
  // Runs `command` (path, arguments). What it writes to both outputs goes to the file `output`.
  static absl::StatusOr<std::unique_ptr<Child>> Start(const std::vector<std::string>& command, std::string output);
  // Kills what still runs.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  // Waits until `text` stands in its output, and returns the rest of that line. UNAVAILABLE, with the output, when it
  // ends before or `seconds` pass.
  absl::StatusOr<std::string> WaitForOutput(const std::string& text, double seconds);
  // Waits for its end; after `seconds` it is killed (DEADLINE_EXCEEDED). UNAVAILABLE, with the output, unless it ended
  // with 0.
  absl::Status WaitForEnd(double seconds);
  // SIGTERM, then as WaitForEnd.
  absl::Status Stop(double seconds);

 private:
  Child(pid_t pid, std::string command, std::string output)
      : pid_(pid), command_(std::move(command)), output_(std::move(output)) {}
  // Whether it has ended, and if so, how.
  bool HasEnded();
  std::string Output() const;
  absl::Status Failure(const std::string& what) const;

  pid_t pid_;
  int end_ = 0;  // as waitpid tells
  bool ended_ = false;
  std::string command_;
  std::string output_;
};

}  // namespace suffice::load
