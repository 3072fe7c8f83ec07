// Plays recorded traffic against a running server, as an application would: Route, then the chosen tier's recorded
// answer as Outcome and Feedback. Thread contract: Play is one call that uses threads of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "app/connection.h"
#include "evaluation/tally.h"
#include "evaluation/traffic.h"
#include "suffice/config.h"

namespace suffice {

struct PlayOptions {
  Connection server;
  uint64_t seed = 1;    // of the order and of what feedback is told
  int requests_in_flight = 8;
  double feedback_rate = 1;  // share of rewards that are told
  double timeout_s = 10;     // of each call
};

// A decision that the server made: `tier` by the traffic's tiers, and the number of the learned state behind it.
struct PlayedDecision {
  int row = 0;
  int tier = 0;
  int64_t snapshot = 0;
};

// SHA-256 of the configuration that the server runs. UNAVAILABLE and the like: no server answers there.
absl::StatusOr<std::string> ServedConfigHash(const PlayOptions& options);

// Sends every row once, in the order of the seed. `on_decision` is called from one thread at a time. The times of the
// pass are round trips of Route. The first error ends it, with the server's own words.
absl::StatusOr<ReplayPass> Play(const PlayOptions& options, const Traffic& traffic,
                                const std::function<void(const PlayedDecision&)>& on_decision);

}  // namespace suffice
