// Prices that were in force for a decision, looked up by the hash of its configuration.
// Thread contract: confined to one thread (the log it reads is thread-safe).
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "log/event_log.h"
#include "suffice/config.h"

namespace suffice {

class PriceBook {
 public:
  // `log` outlives the book. Without one (a log that is about to be opened, say) nothing is known until Bind.
  explicit PriceBook(EventLog* log = nullptr) : log_(log) {}
  void Bind(EventLog* log) { log_ = log; }
  // Nothing when the configuration or the tier is not known any more. Reads the log at most once per configuration.
  std::optional<Price> Find(const std::string& config_hash, const std::string& tier);

 private:
  EventLog* log_;
  absl::flat_hash_map<std::string, std::map<std::string, Price>> by_hash_;
};

// What the call of a decision for `tier` cost by the price list, in nano-dollars (an OutcomeSettler): told tokens at
// the prices of the tier that really served, with the input estimated from the prompt where it was not told. 0 when the
// price is unknown.
int64_t ListCostNanos(const std::string& config_hash, const std::string& tier, double input_tokens_estimate,
                      const Outcome& outcome, PriceBook& prices);

}  // namespace suffice
