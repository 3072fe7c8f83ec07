#include "log/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace suffice {
namespace {

// Who holds the lock, as the holder wrote it; for the message alone.
std::string HolderOf(int descriptor) {
  char text[32];
  const ssize_t size = ::pread(descriptor, text, sizeof(text), 0);
  return size > 0 ? fmt::format("process {}", std::string_view(text, size)) : "another process";
}

}  // namespace

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

absl::StatusOr<FileLock> FileLock::Acquire(const std::string& path) {
  const std::string lock_path = path + ".lock";
  FileLock lock;
  lock.descriptor_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock.descriptor_ < 0) {
    return absl::FailedPreconditionError(fmt::format("cannot open {}: {}", lock_path, std::strerror(errno)));
  }
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return absl::FailedPreconditionError(
          fmt::format("{} is open in {}; one at a time may write it", path, HolderOf(lock.descriptor_)));
    }
    return absl::FailedPreconditionError(fmt::format("cannot lock {}: {}", lock_path, std::strerror(errno)));
  }
  const std::string holder = std::to_string(::getpid());
  if (::ftruncate(lock.descriptor_, 0) != 0 || ::pwrite(lock.descriptor_, holder.data(), holder.size(), 0) < 0) {
    return absl::UnavailableError(fmt::format("cannot write {}: {}", lock_path, std::strerror(errno)));
  }
  return lock;
}

}  // namespace suffice
