// Configurations that decisions were made under, looked up by their hash.
// Thread contract: confined to one thread (the log it reads is thread-safe).
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "log/event_log.h"
#include "suffice/config.h"

namespace suffice {

class ConfigBook {
 public:
  // `log` outlives the book.
  explicit ConfigBook(EventLog* log) : log_(log) {}
  // Null when the configuration is not known any more. Reads the log at most once per configuration.
  const Config* Find(const std::string& hash);

 private:
  EventLog* log_;
  absl::flat_hash_map<std::string, std::shared_ptr<const Config>> by_hash_;
};

}  // namespace suffice
