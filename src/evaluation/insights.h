// What a log says of the traffic and the tiers, beyond what is decided with it: which features move which tier's
// quality, whether a tier's answers or the prompts changed. Every number comes with a 95% interval; findings are marked
// family by family (Benjamini and Hochberg), so that of those marked at most the stated rate is expected to be chance.
// Thread contract: pure functions, but for the log.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "features/sketch.h"
#include "learner/drift_fold.h"
#include "learner/snapshot.h"
#include "log/event_log.h"
#include "stats/two_samples.h"

namespace suffice {

struct InsightOptions {
  int64_t rows = 20000;         // newest decisions looked at, evaluations left out
  double newer_share = 0.5;     // of them: the newer window; the rest is the older one
  int clusters = 8;             // of prompts, at most
  double discovery_rate = 0.1;  // expected share of chance among the marked findings of a family
};

// One decision, as far as the report needs it.
struct InsightRow {
  std::vector<float> x;                                         // under the present features, bias first
  std::optional<std::array<float, kPropertyCount>> properties;  // counted; nothing where no sketch was kept
  int tier = -1;                                                // in the configuration; -1: not there any more
  std::optional<double> reward;                                 // mean of the feedback
  // Reward less what the decision's own row predicted; nothing where that stood on hardly any observations.
  std::optional<double> residual;
  std::string prompt;  // its beginning, where prompts are stored
};

// A feature's effect on a tier's quality: of one standard deviation more of it, all else equal. From the ridge
// solution, so it is shrunk towards 0, and its interval is the posterior's: theta_j sd(x_j), with variance sd(x_j)^2 s2
// (A^-1)_jj.
struct FeatureEffect {
  std::string dimension;
  Finding effect;
};
// Where two tiers part: the effect on `tier` less that on `other`.
struct FeatureContrast {
  std::string dimension, tier, other;
  Finding difference;
};
struct TierImportance {
  std::string tier;
  double observations = 0;
  // Var(theta^T x) / (Var(theta^T x) + s2) over the rows: how much of the rewards' scatter the features predict.
  double explained = 0;
  std::vector<FeatureEffect> effects;  // strongest first
};

// One tier in the two windows.
struct TierChange {
  std::string tier;
  int64_t older_decisions = 0, newer_decisions = 0;
  Sample older_residual, newer_residual;  // reward less the row's own prediction
  Finding share, residual;                // newer - older
  double cost_ratio = 1;                  // observed over predicted cost, of recent calls
  std::vector<DriftAlarm> alarms;         // of the fold of the whole log
};

// Prompts that are alike, in the two windows.
struct ClusterChange {
  int64_t older_decisions = 0, newer_decisions = 0;
  Sample older_reward, newer_reward;
  Finding share, reward;  // newer - older
  // Its most telling counted properties: mean in the cluster less that over all rows, in standard deviations.
  std::vector<std::pair<std::string, double>> properties;
  std::vector<std::string> examples;  // the prompts nearest to its centre, where stored
};

struct InsightReport {
  InsightOptions options;
  int64_t older = 0, newer = 0, rewarded = 0;         // decisions
  int64_t start_us = 0, boundary_us = 0, end_us = 0;  // first decision, first of the newer window, last
  std::string features;
  std::vector<TierImportance> importance;
  std::vector<FeatureContrast> contrasts;  // most certain first
  std::vector<TierChange> tiers;
  std::vector<ClusterChange> clusters;  // largest first
};

// What stands between the log and the report.
struct InsightEvidence {
  std::vector<InsightRow> rows;  // oldest first
  std::vector<int64_t> time_us;  // by row
  SnapshotPtr snapshot;
  std::vector<TierDrift> drift;  // by tier of the configuration
  std::vector<double> cost_ratios;
};

// FAILED_PRECONDITION when the log has no decision that its present features can describe.
absl::StatusOr<InsightEvidence> GatherInsights(EventLog& log, std::shared_ptr<const Config> config, int64_t rows);
InsightReport FindInsights(const InsightEvidence& evidence, const InsightOptions& options);

void PrintInsights(const InsightReport& report, std::ostream& out);
std::string ToJson(const InsightReport& report);

// The parts of FindInsights. `newer`: the first row of the newer window.
std::vector<TierImportance> FindImportance(const InsightEvidence& evidence, double discovery_rate);
std::vector<FeatureContrast> FindContrasts(const InsightEvidence& evidence, double discovery_rate);
std::vector<TierChange> FindTierChanges(const InsightEvidence& evidence, size_t newer, double discovery_rate);
std::vector<ClusterChange> FindClusterChanges(const InsightEvidence& evidence, size_t newer, int clusters,
                                              double discovery_rate);

}  // namespace suffice
