#include "log/new_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/status_macros.h"

namespace suffice {
namespace {

absl::Status Exists(const std::string& path) {
  return absl::AlreadyExistsError(fmt::format("{}: expected a file that is not there yet", path));
}

absl::Status Sync(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  return synced ? absl::OkStatus()
                : absl::UnavailableError(fmt::format("{}: cannot be written: {}", path, std::strerror(error)));
}

}  // namespace

absl::StatusOr<NewFile> NewFile::At(std::string path) {
  std::error_code error;
  if (path.empty()) return absl::InvalidArgumentError("expected the path of a file, got none");
  if (std::filesystem::exists(std::filesystem::symlink_status(path, error))) return Exists(path);
  const auto folder = std::filesystem::absolute(path, error).parent_path();
  if (!std::filesystem::is_directory(folder, error)) {
    return absl::NotFoundError(fmt::format("{}: its folder does not exist", path));
  }
  NewFile file(std::move(path));
  file.RemovePartial();
  return file;
}

NewFile::NewFile(NewFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

NewFile::~NewFile() { RemovePartial(); }

void NewFile::RemovePartial() const {
  if (path_.empty()) return;
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal", ".lock"}) {
    std::filesystem::remove(partial() + suffix, ignored);
  }
}

absl::Status NewFile::Commit() {
  SUFFICE_RETURN_IF_ERROR(Sync(partial()));
  // A link, unlike a renaming, replaces nothing.
  if (::link(partial().c_str(), path_.c_str()) != 0) {
    if (errno == EEXIST) return Exists(path_);
    return absl::UnavailableError(fmt::format("{}: cannot be written: {}", path_, std::strerror(errno)));
  }
  return Sync(std::filesystem::absolute(path_).parent_path().string());
}

}  // namespace suffice
