// What other policies would have chosen for the decisions of a log.
// Thread contract: pure functions but for reading the log; confined to one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/snapshot.h"
#include "log/event_log.h"
#include "off_policy/log_rows.h"
#include "suffice/config.h"

namespace suffice {

// A prompt as a policy sees it.
struct TargetPrompt {
  std::span<const float> x;  // on the snapshot's features
  double input_tokens = 0;   // estimated from its length
  int64_t max_output_tokens = 0;
  std::string tenant;
  int64_t time_us = 0;                     // prices are those in force then
  std::span<const std::string> ruled_out;  // tiers that the request itself excludes
};

// The propensities of the engine's own decision (`OfferOf`, `Choose`), in the order of `tiers`; tiers that the
// snapshot's configuration does not have get 0, and those that `tiers` does not have must not exist. Conversations,
// cold tiers and hard budgets are not part of it. FAILED_PRECONDITION: the policy would refuse the prompt.
absl::StatusOr<std::vector<double>> DecidePrompt(const Snapshot& snapshot, const TargetPrompt& prompt,
                                                 const std::vector<std::string>& tiers);

struct TargetPolicy {
  std::string name;
  PolicyTable table;    // [row of the log][tier of the log's table]
  int64_t refused = 0;  // prompts that it would have refused; the table's first tier stands in
};

// A policy file, as the learner would have it at `options.end`: for each fold of rows (FoldOf) it has learned
// everything but that fold's decisions, so no row's own reward has a say in how the policy decides the row.
// INVALID_ARGUMENT: it has a tier that the table lacks.
absl::StatusOr<TargetPolicy> PolicyFromConfig(EventLog& log, const Config& config, const LogTable& table,
                                              const LogTableOptions& options, std::string name);

TargetPolicy ServingAsLogged(const LogTable& table);
// The first of `order` (places in LogTable::tiers) that the request does not rule out.
TargetPolicy AlwaysFirst(const LogTable& table, const std::vector<size_t>& order, std::string name);
// Each tier that the request does not rule out, with equal probability.
TargetPolicy RandomPolicy(const LogTable& table, const std::vector<size_t>& order);
// Five rules of thumb: a long prompt, code marks, mathematics marks, many digits, several questions. Each that holds
// asks for more: with k of five, and T tiers from cheap to dear, the tier at place min(T - 1, ceil(k (T - 1) / 3)).
// Prompts without a sketch are taken as plain ones.
TargetPolicy FiveRules(const LogTable& table, const std::vector<size_t>& order);

// Places of the tiers named in `among`, by what the log's decisions predicted a call to cost, cheapest first.
std::vector<size_t> TiersByCost(const LogTable& table, const std::vector<std::string>& among);

}  // namespace suffice
