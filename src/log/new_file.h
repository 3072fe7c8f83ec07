// A file that appears whole or not at all: it is written under another name beside its place and gets its own at the
// end. What stands at its place is never replaced.
// Thread contract: confined to one thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace suffice {

class NewFile {
 public:
  // ALREADY_EXISTS when there is something at `path`. What an earlier attempt left at "<path>.partial" is removed.
  static absl::StatusOr<NewFile> At(std::string path);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  // Removes what was written, unless committed, and what SQLite and its lock left beside it.
  ~NewFile();

  const std::string& path() const { return path_; }
  std::string partial() const { return path_ + ".partial"; }  // where to write
  // Syncs the file and gives it its name. ALREADY_EXISTS when another file has come to have it. REQUIRES: closed.
  absl::Status Commit();

 private:
  explicit NewFile(std::string path) : path_(std::move(path)) {}
  void RemovePartial() const;

  std::string path_;  // empty: moved from
};

}  // namespace suffice
