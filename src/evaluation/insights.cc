#include "evaluation/insights.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "evaluation/newest_decisions.h"
#include "learner/learner.h"

namespace suffice {
namespace {

constexpr size_t kPromptBytes = 400;  // of a prompt are kept, to show

std::string Beginning(const std::string& prompt) { return prompt.substr(0, kPromptBytes); }

// A prediction from fewer observations is off because the tier was hardly known, not because it changed.
constexpr double kMinObservations = 40;

// The chosen tier's prediction, as the decision was made with it; nothing where nobody could predict.
std::optional<double> PredictedQuality(const DecisionRecord& decision) {
  if (decision.origin != DecisionOrigin::kLive && decision.origin != DecisionOrigin::kApprentice) return std::nullopt;
  for (const TierView& view : decision.tiers) {
    if (view.tier == decision.tier && view.observations >= kMinObservations) return view.quality;
  }
  return std::nullopt;
}

InsightRow RowOf(const ObservedDecision& observed, const Config& config, std::span<const float> x) {
  const DecisionRecord& decision = observed.decision;
  InsightRow row{.x = {x.begin(), x.end()}, .tier = config.TierIndex(decision.tier)};
  if (decision.prompt) row.prompt = Beginning(*decision.prompt);
  if (!decision.sketch.empty()) {
    if (const auto sketch = Sketch::Decode(decision.sketch); sketch.ok()) row.properties = sketch->properties;
  }
  if (observed.feedback.empty()) return row;
  double sum = 0;
  for (const FeedbackRecord& record : observed.feedback) sum += record.feedback.reward;
  row.reward = sum / static_cast<double>(observed.feedback.size());
  if (const auto predicted = PredictedQuality(decision)) row.residual = *row.reward - *predicted;
  return row;
}

}  // namespace

absl::StatusOr<InsightEvidence> GatherInsights(EventLog& log, std::shared_ptr<const Config> config, int64_t rows) {
  SUFFICE_ASSIGN_OR_RETURN(Learner learner, Learner::Resume(&log, config));
  SUFFICE_RETURN_IF_ERROR(learner.CatchUpFully());
  InsightEvidence evidence;
  evidence.snapshot = learner.NextSnapshot();
  const DriftFold& drift = learner.statistics().drift();
  for (const Tier& tier : config->tiers) {
    const auto found = drift.tiers().find(tier.name);
    evidence.drift.push_back(found == drift.tiers().end() ? TierDrift() : found->second);
    evidence.cost_ratios.push_back(drift.CostRatio(tier.name));
  }
  Statistics statistics = learner.statistics();
  SUFFICE_ASSIGN_OR_RETURN(const std::vector<DecisionRecord> decisions, NewestDecisions(log, rows));
  for (const DecisionRecord& decision : decisions) {
    const std::span<const float> x = statistics.Project(decision);
    if (x.empty()) continue;
    SUFFICE_ASSIGN_OR_RETURN(const std::optional<ObservedDecision> observed, log.Find(decision.id));
    if (!observed) continue;
    evidence.rows.push_back(RowOf(*observed, *config, x));
    evidence.time_us.push_back(decision.time_us);
  }
  if (evidence.rows.empty()) {
    return absl::FailedPreconditionError("the log has no decision that its present features can describe");
  }
  return evidence;
}

InsightReport FindInsights(const InsightEvidence& evidence, const InsightOptions& options) {
  const size_t n = evidence.rows.size();
  const auto newer = std::min(n - 1, static_cast<size_t>((1 - options.newer_share) * static_cast<double>(n)));
  const FeatureSet& features = *evidence.snapshot->features;
  InsightReport report{.options = options,
                       .older = static_cast<int64_t>(newer),
                       .newer = static_cast<int64_t>(n - newer),
                       .start_us = evidence.time_us.front(),
                       .boundary_us = evidence.time_us[newer],
                       .end_us = evidence.time_us.back(),
                       .features = fmt::format("{}-{:016x}", features.kind(), features.version())};
  report.rewarded = std::count_if(evidence.rows.begin(), evidence.rows.end(),
                                  [](const InsightRow& row) { return row.reward.has_value(); });
  const double rate = options.discovery_rate;
  report.importance = FindImportance(evidence, rate);
  report.contrasts = FindContrasts(evidence, rate);
  report.tiers = FindTierChanges(evidence, newer, rate);
  report.clusters = FindClusterChanges(evidence, newer, options.clusters, rate);
  return report;
}

}  // namespace suffice
