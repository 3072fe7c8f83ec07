// Collects everything that is wrong with a configuration, so that one reading shows all of it.
// Thread contract: not thread-safe; one per reading.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace suffice {

// Where something was written: in the file, or in an override.
struct SourceLocation {
  int line = 0;               // from 1; 0: not in a file
  int column = 0;             // from 1
  std::string override_path;  // of the --set that wrote it; empty: none did
};

class Diagnostics {
 public:
  // `file` stands before line and column; empty for a configuration without a file.
  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  // `path` is the dotted key, empty when the trouble is not with a key.
  void Add(const SourceLocation& where, std::string_view path, std::string_view reason);
  size_t size() const { return problems_.size(); }
  // Whether something was reported about exactly this key.
  bool Has(std::string_view path) const;
  // INVALID_ARGUMENT with one problem a line, in the order of the file, then those of overrides; OK when there is none.
  absl::Status ToStatus() const;

 private:
  struct Problem {
    int line;
    int column;
    std::string path;
    std::string text;
  };
  std::string file_;
  std::vector<Problem> problems_;
};

}  // namespace suffice
