// What a replay found, as JSON for programs and as a table for people.
// Thread contract: plain data and pure functions; WriteJson touches only the named file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "evaluation/attack.h"
#include "evaluation/baselines.h"
#include "evaluation/budget_use.h"
#include "evaluation/propensity_check.h"
#include "evaluation/two_tier_curve.h"

namespace suffice {

// A drift alarm of the learner.
struct AlarmReport {
  std::string tier;
  int64_t decision = 0;  // made before it
  bool drop = true;      // else the quality rose
};

// One pass over the traffic.
struct SeedReport {
  uint64_t seed = 0;
  double quality = 0;   // mean per decision
  double cost_usd = 0;  // mean per decision
  std::optional<double> gap_closed;
  std::vector<AlarmReport> drift_alarms;
};

// One window of the pass, averaged over the seeds.
struct LearningPoint {
  int64_t decisions = 0;             // at the window's end; the window begins at the point before
  double quality = 0;                // mean within the window
  double cost_usd = 0;               // mean within the window
  std::optional<double> gap_closed;  // at the window's own cost
  std::vector<double> tier_share;    // within the window, by ReplayReport::tier_names; sums to 1
};

// One limit of the policy, and what was used of it; see LimitUses.
struct LimitUse {
  std::string name;  // "cost.mean", "latency.p95", "quality.floor", ...
  double limit = 0;
  double mean = 0;               // over the seeds
  double worst = 0;              // of the seeds
  std::vector<double> per_seed;  // means over the decisions
};

struct ReplayReport {
  std::string config_name;
  std::string config_hash;
  std::string policy;   // thompson, linucb, ...
  std::string traffic;  // what was replayed, for people
  std::vector<std::string> tier_names;

  int64_t decisions = 0;  // per seed, refused ones left out
  int64_t seeds = 0;
  double quality_mean = 0;           // over decisions and seeds
  double quality_sd = 0;             // of the seeds' means
  double cost_mean_usd = 0;          // per decision
  std::vector<double> tier_share;    // by tier_names
  std::optional<double> late_share;  // decisions slower than limits.latency.p95_ms; nothing without it
  std::vector<LimitUse> limits;      // of the policy, in a fixed order
  std::vector<BudgetUse> budgets;    // of every seed
  double refused_share = 0;          // rows that were refused because no budget covered them
  double infeasible_share = 0;       // decisions made while the limits could not be met together
  std::string infeasible;            // the last that was said of it; empty: nothing

  std::vector<QualityCost> always;  // by tier_names
  double random_mix_same_cost = 0;  // qualities at cost_mean_usd
  double best_mix_same_cost = 0;
  double optimum_same_cost = 0;
  std::optional<double> gap_closed;
  std::optional<double> regret;  // summed over the decisions, mean over the seeds; what of depends on the objective

  std::optional<PropensityCheck::Result> propensity_check;
  std::string decide_what = "to decide";  // what the two times are of, for people
  double decide_us_p50 = 0;
  double decide_us_p99 = 0;
  std::optional<TwoTierMetrics> eval;  // with --eval
  std::vector<AttackResult> attacks;   // with --attack: means over the seeds

  std::vector<SeedReport> per_seed;
  std::vector<LearningPoint> learning_curve;
  std::vector<QualityCost> best_mix_curve;  // for pictures, see ThinCurve
  std::vector<QualityCost> optimum_curve;
};

// Copies from the baselines what depends only on them and on report.quality_mean and cost_mean_usd: `always`, the three
// *_same_cost, gap_closed and the two curves.
void FillBaselines(const Baselines& baselines, ReplayReport& report);

// At most `count` points of a curve, evenly spread over the logarithm of cost, with both ends. REQUIRES: count >= 2.
std::vector<QualityCost> ThinCurve(const std::vector<QualityCost>& points, size_t count);

// One JSON object, indented; absent values are null, except `eval` and `attacks`, which are left out.
std::string ToJson(const ReplayReport& report);

// Writes ToJson whole or not at all. Errors name the path.
absl::Status WriteJson(const ReplayReport& report, const std::string& path);

// An aligned table in plain text.
void PrintTable(const ReplayReport& report, std::ostream& out);

}  // namespace suffice
