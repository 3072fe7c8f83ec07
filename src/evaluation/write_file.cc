#include "evaluation/write_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace suffice {
namespace {

absl::Status Failed(const std::string& path, int error) {
  const auto message = fmt::format("{}: cannot be written: {}", path, std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::UnavailableError(message);
}

}  // namespace

absl::Status WriteFileThrough(const std::string& path, const std::function<absl::Status(std::ostream&)>& write) {
  const std::string temporary = fmt::format("{}.tmp-{}", path, getpid());
  errno = 0;
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  if (!out) return Failed(path, errno);
  absl::Status written = write(out);
  out.close();
  if (!written.ok() || !out || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    std::remove(temporary.c_str());
    return written.ok() ? Failed(path, error) : written;
  }
  return absl::OkStatus();
}

absl::Status WriteFileWhole(const std::string& path, std::string_view text) {
  return WriteFileThrough(path, [text](std::ostream& out) {
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    return absl::OkStatus();
  });
}

}  // namespace suffice
