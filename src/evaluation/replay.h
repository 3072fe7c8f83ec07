// Replays traffic whose every tier's answer is known through the engine's own decision, log and learner: the chosen
// tier's outcome and quality are shown, the others' are kept for the baselines. Thread contract: Replay is one call
// that uses threads of its own; the result depends on the options alone, not on them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluation/replay_event.h"
#include "evaluation/report.h"
#include "evaluation/traffic.h"
#include "learner/release.h"
#include "suffice/config.h"

namespace suffice {

// Who tells the rewards. Some of them may lie in concert.
struct ReplaySenders {
  int count = 0;           // each decision's is drawn; 0: one without a name
  bool by_source = false;  // each source of rows has its own, in place of a draw
  int liars = 0;           // the first so many of `count`
  std::vector<std::pair<std::string, double>> lies;  // what they tell of a tier's answers, whatever these were like
};

struct ReplayOptions {
  Config config;  // its tiers, by name, are in every traffic
  Traffic traffic;
  std::optional<Traffic> warmup;  // offline evaluations: every tier's quality is shown before the first decision
  // Where the learner starts, in place of the warm-up rows (it was fitted on them); null: none. `config` has its keys.
  std::shared_ptr<const Release> release;
  std::optional<Traffic> eval;  // two tiers: rows to rank by predicted gain of the dearer one
  std::optional<Traffic> attack;  // rows whose prompts are attacked after the last decision, see attack.h
  int attack_prefixes = 100;      // optimised ones, of each direction
  uint64_t seed = 1;            // of the first run; run k uses seed + k
  int seeds = 1;                // runs
  bool full_feedback = false;   // show every tier's quality on traffic, too
  int64_t feedback_delay = 0;   // decisions until a reward is told
  double feedback_rate = 1;     // share of rewards that are ever told
  ReplaySenders senders;
  int64_t refresh_every = 32;   // decisions between snapshots
  // Times of a day's decisions, from its start and ascending; rows come again when the times outnumber them. Empty:
  // each row once, a second apart.
  std::vector<int64_t> arrivals_us;
  int64_t arrivals_span_us = 86'400'000'000;  // from the start of one day to that of the next
  int days = 1;                               // with arrivals
  std::vector<ReplayEvent> events;
  int64_t window = 0;  // decisions in a point of the learning curve; 0: 40 points
  // The log of the first run is left here as if a server had made it, with the replay's own times: `serve`, `rebuild`,
  // `plan` go on from it. Empty: none. Nothing may be there yet.
  std::string db;
  int threads = 2;
  std::function<void(double)> progress;  // fraction done; called from one thread at a time; may be empty
};

// A projection is fitted on warm-up text of at least this many prompts before the first decision.
inline constexpr int64_t kMinPromptsToFit = 1000;

// INVALID_ARGUMENT names the option and what was expected.
absl::StatusOr<ReplayReport> Replay(const ReplayOptions& options);

}  // namespace suffice
