// An operating-system lock beside a file: one process (and one opener within it) at a time. The kernel releases it when
// the holder dies, however it dies.
// Thread contract: a value type that moves.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace suffice {

class FileLock {
 public:
  FileLock() = default;
  ~FileLock();
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;

  // Locks `<path>.lock`, which is created if missing and never removed. FAILED_PRECONDITION when another holds it.
  static absl::StatusOr<FileLock> Acquire(const std::string& path);

 private:
  int descriptor_ = -1;
};

}  // namespace suffice
