#include "off_policy/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/status_macros.h"
#include "features/sketch.h"
#include "learner/config_book.h"
#include "learner/learner.h"
#include "off_policy/target_policy.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr Estimator kEstimators[] = {Estimator::kDr, Estimator::kSnips, Estimator::kIps, Estimator::kDm,
                                     Estimator::kSwitchDr};

// The configuration of the newest decision; null when it is not known any more.
absl::StatusOr<std::optional<Config>> ServingConfig(EventLog& log) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t last, log.LastDecisionSeq());
  std::string hash;
  SUFFICE_RETURN_IF_ERROR(log.ScanDecisions(std::max<int64_t>(0, last - 1), 1, [&](const DecisionRecord& decision) {
    hash = decision.config_hash;
    return false;
  }));
  ConfigBook configs(&log);
  const Config* const config = configs.Find(hash);
  return config == nullptr ? std::nullopt : std::optional<Config>(*config);
}

// A latency that answers may be slower than now and then; 0: none is stated.
double LateMs(const LatencyLimits& limits) {
  for (const double limit_ms : {limits.p95_ms, limits.p50_ms, limits.p99_ms}) {
    if (limit_ms > 0) return limit_ms;
  }
  return 0;
}

std::vector<std::string> TierNamesOf(const Config& config) {
  std::vector<std::string> names;
  for (const Tier& tier : config.tiers) names.push_back(tier.name);
  return names;
}

class LogEvaluation {
 public:
  LogEvaluation(EventLog& log, const EvaluateOptions& options) : log_(log), options_(options) {}

  absl::StatusOr<EvaluateReport> Make() {
    SUFFICE_RETURN_IF_ERROR(Read());
    SUFFICE_RETURN_IF_ERROR(Measures());
    SUFFICE_RETURN_IF_ERROR(Targets());
    for (size_t i = 0; i < targets_.size(); ++i) {
      SUFFICE_ASSIGN_OR_RETURN(PolicyReport policy, Report(targets_[i]));
      report_.policies.push_back(std::move(policy));
      Show(0.8 + 0.2 * static_cast<double>(i + 1) / static_cast<double>(targets_.size()));
    }
    return std::move(report_);
  }

 private:
  absl::Status Read();
  absl::Status CheckFeatures(const FeatureSet& features) const;
  absl::Status Measures();
  absl::Status Targets();
  absl::StatusOr<PolicyReport> Report(const TargetPolicy& target) const;
  void Warn(PolicyReport& policy) const;
  void Note();
  void Show(double fraction) const {
    if (options_.progress) options_.progress(fraction);
  }
  ValueOptions OptionsFor(const MeasureRows& rows) const {
    return {.confidence = options_.confidence, .tier_standard_error = rows.tier_standard_error};
  }

  EventLog& log_;
  const EvaluateOptions& options_;
  LogTableOptions table_options_;
  std::vector<std::string> serving_tiers_;
  LogTable table_;
  MeasureRows quality_;
  std::optional<MeasureRows> cost_, late_;
  std::vector<TargetPolicy> targets_;  // serving first
  EvaluateReport report_;
};

absl::Status LogEvaluation::CheckFeatures(const FeatureSet& features) const {
  for (const auto& [name, config] : options_.policies) {
    if (ExtrasLength(config.features) == features.extras()) continue;
    return InvalidField("policy",
                        fmt::format("{}: declares other features of the caller's than the log's decisions have", name));
  }
  return absl::OkStatus();
}

absl::Status LogEvaluation::Read() {
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<Config> serving, ServingConfig(log_));
  if (!serving && options_.policies.empty()) {
    return absl::FailedPreconditionError(
        "the log does not know the configuration of its decisions; name a policy file");
  }
  const Config& first = serving ? *serving : options_.policies[0].second;
  SUFFICE_ASSIGN_OR_RETURN(FeatureSetPtr features, ChooseFeatures(log_, first));
  SUFFICE_RETURN_IF_ERROR(CheckFeatures(*features));

  LatencyLimits latency = first.limits.latency;
  serving_tiers_ = TierNamesOf(first);
  std::vector<std::string> tiers = serving_tiers_;
  for (const auto& [name, config] : options_.policies) {
    if (LateMs(latency) == 0) latency = config.limits.latency;
    for (const std::string& tier : TierNamesOf(config)) {
      if (std::find(tiers.begin(), tiers.end(), tier) == tiers.end()) tiers.push_back(tier);
    }
  }
  report_.late_ms = LateMs(latency);
  table_options_.latency = latency.metric;
  table_options_.max_rows = options_.max_rows;
  if (options_.progress) table_options_.progress = [this](double fraction) { Show(0.3 * fraction); };
  // What comes in meanwhile is not part of it: every policy learns from the same events.
  SUFFICE_ASSIGN_OR_RETURN(table_options_.decision_seq, log_.LastDecisionSeq());
  SUFFICE_ASSIGN_OR_RETURN(table_, ReadLogTable(log_, std::move(features), tiers, table_options_));
  return absl::OkStatus();
}

absl::Status LogEvaluation::Measures() {
  SUFFICE_ASSIGN_OR_RETURN(quality_,
                           MakeMeasureRows(table_, {.measure = Measure::kQuality, .rewards = options_.rewards}));
  // Without any the report says so.
  if (auto cost = MakeMeasureRows(table_, {.measure = Measure::kCost}); cost.ok()) cost_ = *std::move(cost);
  if (report_.late_ms > 0) {
    auto late = MakeMeasureRows(table_, {.measure = Measure::kLate, .late_ms = report_.late_ms});
    if (late.ok()) late_ = *std::move(late);
  }
  report_.rows = std::ssize(table_.rows);
  report_.rewarded = quality_.observed;
  report_.callers = table_.callers;
  report_.unprojectable = table_.unprojectable;
  report_.rewards = quality_.rewards;
  report_.confidence = options_.confidence;
  report_.tiers = table_.tiers;
  report_.known_share = quality_.known_share;
  report_.judge_bias = table_.judge_bias;
  Note();
  Show(0.4);
  return absl::OkStatus();
}

void LogEvaluation::Note() {
  const bool some_are_silent = std::any_of(quality_.known_share.begin(), quality_.known_share.end(),
                                           [](double share) { return share > 0 && share < 1; });
  if (quality_.rewards == RewardsFrom::kAll && some_are_silent) {
    report_.notes.emplace_back(
        "every decision with a reward counts, and each tier's share of rewarded decisions is taken for the probability "
        "of a reward: right only if whether somebody speaks does not depend on how good the answer was");
  }
  if (table_.callers > 0) {
    report_.notes.push_back(
        fmt::format("{} decisions were their callers' own choice: they taught the models, and "
                    "nothing is estimated on them",
                    table_.callers));
  }
  if (table_.unprojectable > 0) {
    report_.notes.push_back(
        fmt::format("{} decisions are left out: made with other features, and without a sketch", table_.unprojectable));
  }
  if (!cost_) report_.notes.emplace_back("no decision has an outcome: nothing is said of cost");
  if (report_.late_ms > 0 && !late_) report_.notes.emplace_back("no answer's latency is known: nothing is said of it");
  for (const auto& [tier, bias] : table_.judge_bias) {
    if (bias.IsKnown()) {
      report_.notes.push_back(
          fmt::format("{}: judges score {:+.3f} (standard error {:.3f}, {} answers) against users; it "
                      "was taken off where only judges spoke",
                      tier, bias.bias, bias.standard_error, bias.labels));
    }
  }
}

absl::Status LogEvaluation::Targets() {
  targets_.push_back(ServingAsLogged(table_));
  for (size_t i = 0; i < options_.policies.size(); ++i) {
    const auto& [name, config] = options_.policies[i];
    SUFFICE_ASSIGN_OR_RETURN(TargetPolicy policy, PolicyFromConfig(log_, config, table_, table_options_, name));
    targets_.push_back(std::move(policy));
    Show(0.4 + 0.4 * static_cast<double>(i + 1) / static_cast<double>(options_.policies.size()));
  }
  const std::vector<size_t> order = TiersByCost(table_, serving_tiers_);
  const std::vector<size_t> dear(order.rbegin(), order.rend());
  targets_.push_back(AlwaysFirst(table_, order, fmt::format("always cheap ({})", table_.tiers[order.front()])));
  targets_.push_back(AlwaysFirst(table_, dear, fmt::format("always strong ({})", table_.tiers[dear.front()])));
  targets_.push_back(RandomPolicy(table_, order));
  targets_.push_back(FiveRules(table_, order));
  return absl::OkStatus();
}

void LogEvaluation::Warn(PolicyReport& policy) const {
  const ValueEstimate& dr = policy.quality[0];
  const double rows = static_cast<double>(dr.rows);
  if (dr.effective_sample_size < kPoorSampleShare * rows) {
    policy.warnings.push_back(fmt::format(
        "{}: poor overlap: the log has the worth of {:.0f} decisions like its own ({:.1f}% of {}, the largest weight "
        "is "
        "{:.0f}); its interval rests on these",
        policy.name, dr.effective_sample_size, 100 * dr.effective_sample_size / rows, dr.rows, dr.largest_weight));
  }
  if (dr.unobservable > kPoorUnobservable) {
    policy.warnings.push_back(fmt::format(
        "{}: {:.1f}% of its choices are tiers that could not be observed there (next to never drawn, or rewarded): of "
        "these only the model speaks, and no interval says how wrong it may be",
        policy.name, 100 * dr.unobservable));
  }
  if (policy.refused > 0) {
    policy.warnings.push_back(fmt::format("{}: would refuse {} of {} prompts; {} stands in for them", policy.name,
                                          policy.refused, dr.rows, report_.tiers[0]));
  }
}

absl::StatusOr<PolicyReport> LogEvaluation::Report(const TargetPolicy& target) const {
  PolicyReport policy{
      .name = target.name, .tier_share = std::vector<double>(table_.tiers.size()), .refused = target.refused};
  double weights = 0;
  for (size_t i = 0; i < target.table.size(); ++i) {
    weights += table_.rows[i].weight;
    for (size_t a = 0; a < table_.tiers.size(); ++a) {
      policy.tier_share[a] += table_.rows[i].weight * target.table[i][a];
    }
  }
  for (double& share : policy.tier_share) share /= weights;
  for (const Estimator estimator : kEstimators) {
    SUFFICE_ASSIGN_OR_RETURN(const ValueEstimate estimate,
                             EstimateValue(quality_.rows, target.table, estimator, OptionsFor(quality_)));
    policy.quality.push_back(estimate);
  }
  const auto doubly_robust = [&](const MeasureRows& rows) {
    return EstimateValue(rows.rows, target.table, Estimator::kDr, OptionsFor(rows));
  };
  const auto minus_serving = [&](const MeasureRows& rows) {
    return EstimateDifference(rows.rows, target.table, targets_[0].table, OptionsFor(rows));
  };
  const bool is_serving = &target == &targets_[0];
  if (cost_) {
    SUFFICE_ASSIGN_OR_RETURN(policy.cost_usd, doubly_robust(*cost_));
  }
  if (late_) {
    SUFFICE_ASSIGN_OR_RETURN(policy.late, doubly_robust(*late_));
  }
  if (!is_serving) {
    SUFFICE_ASSIGN_OR_RETURN(policy.quality_difference, minus_serving(quality_));
  }
  if (!is_serving && cost_) {
    SUFFICE_ASSIGN_OR_RETURN(policy.cost_difference, minus_serving(*cost_));
  }
  Warn(policy);
  return policy;
}

}  // namespace

absl::StatusOr<EvaluateReport> Evaluate(EventLog& log, const EvaluateOptions& options) {
  return LogEvaluation(log, options).Make();
}

}  // namespace suffice
