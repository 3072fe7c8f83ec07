// Tiers and prices that were in force for a decision, looked up by the hash of its configuration.
// Thread contract: confined to one thread (the log it reads is thread-safe).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "log/event_log.h"
#include "suffice/config.h"

namespace suffice {

class PriceBook {
 public:
  // `log` outlives the book. Without one (a log that is about to be opened, say) nothing is known until Bind.
  explicit PriceBook(EventLog* log = nullptr) : log_(log) {}
  void Bind(EventLog* log) { log_ = log; }

  // The tiers of a configuration; none when it is not known any more. Reads the log at most once per configuration.
  // Valid until the next call.
  std::span<const Tier> TiersOf(const std::string& config_hash);
  // The price list of a tier that was in force at a time; nothing when the configuration or the tier is not known any
  // more.
  std::optional<Price> Find(const std::string& config_hash, const std::string& tier, int64_t time_us);

 private:
  EventLog* log_;
  absl::flat_hash_map<std::string, std::vector<Tier>> by_hash_;
};

}  // namespace suffice
