// What policies would have been worth on the traffic of a log: the report of `suffice evaluate`.
// Thread contract: confined to one thread; the log is only read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "off_policy/log_rows.h"
#include "off_policy/policy_value.h"
#include "suffice/config.h"

namespace suffice {

struct EvaluateOptions {
  std::vector<std::pair<std::string, Config>> policies;  // name and policy file
  RewardsFrom rewards = RewardsFrom::kAuto;
  double confidence = 0.95;
  int64_t max_rows = 20'000;             // the newest decisions
  std::function<void(double)> progress;  // may be empty; a fraction in [0, 1]
};

struct PolicyReport {
  std::string name;
  std::vector<ValueEstimate> quality;               // by each estimator, in the order of the enumeration
  std::optional<ValueEstimate> cost_usd, late;      // a call; share of late answers. Doubly robust
  std::optional<ValueEstimate> quality_difference;  // minus serving as logged; nothing for that itself
  std::optional<ValueEstimate> cost_difference;
  std::vector<double> tier_share;  // by tier of the report
  int64_t refused = 0;
  std::vector<std::string> warnings;  // sentences
};

struct EvaluateReport {
  int64_t rows = 0;      // live decisions
  int64_t rewarded = 0;  // of these, with a reward that counts
  int64_t callers = 0, unprojectable = 0;
  RewardsFrom rewards = RewardsFrom::kAll;
  double confidence = 0.95;
  double late_ms = 0;  // 0: no latency limit to be late by
  std::vector<std::string> tiers;
  std::vector<double> known_share;  // by tier: of its decisions, those with a reward that counts
  std::map<std::string, JudgeBias> judge_bias;
  std::vector<PolicyReport> policies;  // serving first, then the files, then the baselines
  std::vector<std::string> notes;      // sentences on the whole
};

// FAILED_PRECONDITION: the log has nothing to estimate from. INVALID_ARGUMENT: a policy whose features are not those of
// the log.
absl::StatusOr<EvaluateReport> Evaluate(EventLog& log, const EvaluateOptions& options);

// Share of rows below which a policy's effective sample size, and share of choices above which what could not be
// observed, is warned of.
inline constexpr double kPoorSampleShare = 0.05, kPoorUnobservable = 0.01;

std::string ToJson(const EvaluateReport& report);
void PrintTable(const EvaluateReport& report, std::ostream& out);

}  // namespace suffice
