// A log as a server leaves it, of example traffic whose every answer is known.
// Thread contract: confined to one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evaluation/traffic.h"
#include "log/event_log.h"
#include "suffice/config.h"

namespace suffice {

struct ServeOptions {
  Config config;  // with the example's tiers
  int64_t rows = 1000;
  double user_rate = 1;  // share of decisions that a user rates
  bool judge_audits = false;
  double judge_bias = 0;  // of the judge's scores of the first tier
  uint64_t seed = 1;
  std::string flipped;  // the id of a decision whose user says 1 - quality instead
};

struct ServedLog {
  std::unique_ptr<EventLog> log;
  Traffic traffic;                      // the rows served, in order
  std::vector<DecisionRecord> decided;  // likewise
};

Config ExampleConfig(PolicyKind kind);
// Into `log`, or a new one in memory.
ServedLog Serve(const ServeOptions& options, std::unique_ptr<EventLog> log = nullptr);

}  // namespace suffice
