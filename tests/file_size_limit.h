// A disk that is full, by the operating system's own limit on the size of files. Thread contract: none; it is the
// process's.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <csignal>
#include <cstdint>

#include "catch.h"

namespace suffice {

// While it lives, no file of the process `pid` (0: this one) grows beyond `bytes`; Lift ends that. Of another process,
// which must ignore SIGXFSZ itself.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes, pid_t pid = 0) : pid_(pid) {
    if (pid_ == 0) handler_ = std::signal(SIGXFSZ, SIG_IGN);  // writes fail with EFBIG instead
    REQUIRE(::prlimit(pid_, RLIMIT_FSIZE, nullptr, &before_) == 0);
    rlimit limited = before_;
    limited.rlim_cur = bytes;
    REQUIRE(::prlimit(pid_, RLIMIT_FSIZE, &limited, nullptr) == 0);
  }
  ~FileSizeLimit() {
    Lift();
    if (pid_ == 0) std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  void Lift() { ::prlimit(pid_, RLIMIT_FSIZE, &before_, nullptr); }

 private:
  const pid_t pid_;
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

}  // namespace suffice
