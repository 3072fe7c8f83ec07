// Changes of the world in the middle of a replay: a tier becomes worse or better, its calls are billed differently, its
// price list changes. Thread contract: plain data and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "evaluation/traffic.h"
#include "suffice/config.h"

namespace suffice {

// Factors that apply to one tier from one decision on. Events on the same tier multiply.
struct ReplayEvent {
  int64_t at = 0;  // decisions made before it; 0: from the first on
  std::string tier;
  double quality = 1;   // of its answers, which stay in [0, 1]
  double cost = 1;      // of its billed dollars: nobody is told
  double price = 1;     // of its price list and its billed dollars: announced, as by a reload of the configuration
  bool warmup = false;  // the warm-up rows are as after the event
};

// Reads "at=1801,tier=NAME,quality=0.82". `at`, `tier` and one of `quality`, `cost` and `price` are required; `warmup`
// is true or false. INVALID_ARGUMENT names the key and what was expected.
absl::StatusOr<ReplayEvent> ParseReplayEvent(std::string_view text);

// INVALID_ARGUMENT unless every event names a tier of the configuration and happens within `decisions`.
absl::Status CheckReplayEvents(const std::vector<ReplayEvent>& events, const Config& config, int64_t decisions);

// What has happened to one tier.
struct TierFactors {
  double quality = 1;
  double cost = 1;  // of billed dollars, the price included
  double price = 1;

  double QualityOf(double quality_then) const;
};

// The factors in force once `decisions` were made, by tier of the configuration.
std::vector<TierFactors> FactorsAt(const std::vector<ReplayEvent>& events, const Config& config, int64_t decisions);
// Those that the warm-up rows are shown with.
std::vector<TierFactors> WarmupFactors(const std::vector<ReplayEvent>& events, const Config& config);
// The configuration with its prices (later changes of them included) multiplied.
Config WithPrices(const Config& config, const std::vector<TierFactors>& factors);

}  // namespace suffice
