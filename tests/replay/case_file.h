// Replay cases: a policy, a short log, and what a decision is then expected to be. README.md here describes the files.
// Thread contract: value types and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "suffice/types.h"

namespace suffice {

using TierNumbers = std::vector<std::pair<std::string, double>>;  // tier (or multiplier) -> number

// A call that was made, as the log has it.
struct LoggedCall {
  RouteRequest request;  // caller_tier: where it was made; empty: where the policy sends it
  Outcome outcome;
  bool answered = true;  // false: no outcome came
  std::optional<double> reward;
  bool audit = false;  // the reward is an audit's
  int64_t times = 1;
  double every_s = 1;  // time that passes after each
};

struct ExpectedExclusion {
  std::string tier;
  std::string reason;  // as rows spell it; see log/row_codec.h
  std::string detail;  // part of it; empty: any
};

struct ExpectedLimit {
  std::string name;
  std::string state;  // as ToString(LimitState); empty: any
  std::optional<double> observed, nearest_feasible, multiplier;
};

struct ExpectedBudget {
  std::string name, tenant, tier;
  std::optional<double> spent_usd, reserved_usd, exposure_usd;
};

struct ExpectedError {
  std::string code;    // as absl prints it: FAILED_PRECONDITION
  std::string reason;  // as programs read it: INFEASIBLE; empty: any
  std::string text;    // part of the message; empty: any
  std::optional<double> retry_after_s;
};

// What is checked of one answer: the keys that the file states.
struct Expectation {
  std::set<std::string> stated;
  double tolerance = 1e-6;  // of every number: absolute up to 1, relative beyond
  std::string tier, policy_tier, price_version;
  std::string infeasible;  // part of it; "no": there is nothing infeasible
  bool session_kept = false;
  int64_t max_output_tokens = 0;
  std::vector<std::string> fallbacks;
  TierNumbers propensities, quality, score, cost_usd, worst_cost_usd, latency_ms, start_ms, late_p50, late_p95,
      late_p99;
  TierNumbers multipliers;
  std::vector<ExpectedExclusion> excluded;  // all of them: other tiers are eligible
  std::vector<ExpectedLimit> limits;
  std::vector<ExpectedBudget> budgets;
  std::optional<ExpectedError> error;
};

struct ReplayStep {
  enum class Kind { kLog, kWait, kReload, kAsk };
  Kind kind = Kind::kWait;
  int line = 0;
  LoggedCall log;
  double wait_s = 0;
  std::vector<std::string> reload;  // overrides, on top of those before
  RouteRequest ask;
  Expectation expect;
};

struct ReplayCase {
  std::string name;
  std::string why;
  int line = 0;
  std::string policy;            // a policy file
  std::vector<std::string> set;  // overrides
  int64_t start_us = 0;
  std::vector<ReplayStep> steps;
};

// Reads one file. INVALID_ARGUMENT: "file:line:column: key: what was expected", everything that is wrong with it.
absl::StatusOr<std::vector<ReplayCase>> ParseReplayCases(const std::string& yaml, const std::string& file);

}  // namespace suffice
