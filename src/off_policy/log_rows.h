// From an event log to what estimates of policies need: rows of decisions with their propensities, and models of each
// measure that have not seen the row they predict.
// Thread contract: confined to one thread; the log is only read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "features/feature_set.h"
#include "log/event_log.h"
#include "off_policy/judge_bias.h"
#include "off_policy/policy_value.h"
#include "suffice/config.h"

namespace suffice {

// One decision, as it was made, and what became known of it.
struct LoggedRow {
  DecisionId id;
  int64_t time_us = 0;
  std::string tenant;
  std::string sketch;       // Sketch::Encode(); empty: not kept
  std::vector<float> x;     // on LogTable::features
  double input_tokens = 0;  // estimated from the prompt's length
  int64_t max_output_tokens = 0;
  std::vector<double> propensity;      // by tier of the table; 0: could not have been chosen
  std::vector<std::string> ruled_out;  // tiers that the request itself excluded
  size_t tier = 0;                     // chosen
  double weight = 1;                   // 1 / the probability that the row was kept in the log
  bool audit = false;
  double audit_probability = 0;
  std::optional<double> reward;  // what users said, else what judges said less their bias
  bool judged = false;           // `reward` is a judge's alone
  std::optional<double> cost_usd;
  std::optional<double> latency_ms;  // of calls that timed out too: infinite
};

struct LogTable {
  std::vector<std::string> tiers;  // all that the rows name, those of the newest configuration first
  FeatureSetPtr features;
  std::vector<LoggedRow> rows;     // live decisions: what is estimated on
  std::vector<LoggedRow> lessons;  // evaluations, and decisions whose caller chose: they teach the models alone
  std::map<std::string, JudgeBias> judge_bias;  // by tier, of all answers that both have rated
  std::vector<double> predicted_usd;  // by tier: mean of what decisions predicted of a call; 0: never a candidate
  int64_t unprojectable = 0;          // decisions left out: made with other features, and no sketch was kept
  int64_t callers = 0;                // decisions whose caller chose; among the lessons
};

struct LogTableOptions {
  LogCursor end{INT64_MAX, INT64_MAX};  // events up to here
  int64_t decision_seq = INT64_MAX;     // decisions up to here
  int64_t max_rows = 100'000;           // the newest ones
  LatencyMetric latency = LatencyMetric::kTotal;
  bool correct_judges = true;            // see judge_bias.h
  std::function<void(double)> progress;  // may be empty; a fraction in [0, 1]
};

// `tiers`: names to begin with. FAILED_PRECONDITION: no live decision that can be projected on `features`.
absl::StatusOr<LogTable> ReadLogTable(EventLog& log, FeatureSetPtr features, const std::vector<std::string>& tiers,
                                      const LogTableOptions& options);

enum class Measure { kQuality, kCost, kLate };
std::string_view ToString(Measure measure);  // "quality", "cost_usd", "late"

// Which rewards count as observed. Silence is not a reward: a row without one is a row that was not observed, and the
// probability of being observed has to be known or estimated.
enum class RewardsFrom {
  kAudited,  // of audited decisions alone, drawn with a known probability; few, and nobody chose to speak
  kAll,      // of every decision that has one; the share of each tier's decisions that have one is taken for the
             // probability: right only if whether somebody speaks does not depend on how good the answer was
  kAuto,     // audited where there are 200 audited decisions with a reward, and 90% of the audited have one; else all
};
std::string_view ToString(RewardsFrom rewards);  // "audited", "all", "auto"

struct MeasureOptions {
  Measure measure = Measure::kQuality;
  RewardsFrom rewards = RewardsFrom::kAuto;  // of quality
  double late_ms = 0;                        // kLate: slower is late
  double precision = 0;  // of the models' features, in observations; 0: as measured best for the measure
};

struct MeasureRows {
  std::vector<ValueRow> rows;               // one for each of LogTable::rows, in order
  int64_t observed = 0;                     // of these, with the measure
  RewardsFrom rewards = RewardsFrom::kAll;  // what kAuto came to
  std::vector<double> known_share;  // by tier: probability of being known, given that it was chosen (and audited)
  std::vector<double> tier_standard_error;  // for ValueOptions: of the judge's bias; quality only, else empty
};

// P(tier's measure observed) = propensity x P(known | chosen), and with audited rewards x audit probability; the share
// known is estimated by tier. Costs and latencies are known of settled decisions.
// FAILED_PRECONDITION: the measure was never observed.
absl::StatusOr<MeasureRows> MakeMeasureRows(const LogTable& table, const MeasureOptions& options);

}  // namespace suffice
