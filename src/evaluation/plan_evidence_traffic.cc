#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/hash.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/status_macros.h"
#include "engine/decide.h"
#include "evaluation/plan_evidence.h"
#include "evaluation/replay.h"
#include "evaluation/replay_run.h"
#include "features/feature_file.h"
#include "learner/learner.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr int kFolds = 2;
constexpr uint64_t kFoldSeed = 0xf01d;
constexpr int64_t kStartUs = 1'700'000'000'000'000;

absl::Status CheckTiers(const char* option, const Traffic& traffic, const Config& config) {
  if (traffic.rows.empty()) return InvalidField(option, "expected at least one row");
  for (const Tier& tier : config.tiers) {
    if (std::find(traffic.tier_names.begin(), traffic.tier_names.end(), tier.name) == traffic.tier_names.end()) {
      return InvalidField(option, fmt::format("expected answers of tier {}, which the policy has", tier.name));
    }
  }
  return absl::OkStatus();
}

// The configured file, else a projection of all the text where there is enough of it (it needs no answers), else
// counted properties.
absl::StatusOr<FeatureSetPtr> FeaturesFor(const Config& config, const Traffic& traffic, const Traffic* warmup) {
  if (!config.features.file.empty()) return LoadFeatureFile(config.features.file, config.features);
  const auto prompts = std::ssize(traffic.rows) + (warmup != nullptr ? std::ssize(warmup->rows) : 0);
  if (config.features.fit_after_prompts == 0 || prompts < kMinPromptsToFit) {
    return MakeCountedFeatures(config.features);
  }
  SvdFitter fitter(config.features, {.dimensions = config.features.dimensions, .salt = kReplaySalt});
  Sketch sketch;
  for (const Traffic* part : {warmup, &traffic}) {
    if (part == nullptr) continue;
    for (const TrafficRow& row : part->rows) {
      SketchText(row.prompt, kReplaySalt, sketch);
      fitter.Add(sketch);
    }
  }
  return fitter.Fit();
}

// Shows every tier's answer to rows of a traffic, as evaluations in a log of its own, and folds them.
class Teacher {
 public:
  Teacher(std::shared_ptr<const Config> config, FeatureSetPtr features)
      : config_(std::move(config)),
        ids_(1),
        log_(NewMemoryLog(kReplaySalt)),
        learner_(log_.get(), config_, std::move(features)),
        snapshot_(learner_.NextSnapshot()) {}

  absl::Status Begin() { return log_->SaveConfig(config_->Hash(), ConfigToYaml(*config_)); }
  absl::Status Show(const Traffic& traffic, const TrafficRow& row);
  absl::StatusOr<PlanLearned> Learned() {
    SUFFICE_RETURN_IF_ERROR(learner_.CatchUpFully());
    return PlanLearned{learner_.statistics(), learner_.limits(), std::move(latencies_)};
  }
  // What is known of a row before it is answered.
  absl::StatusOr<DecisionRecord> Asked(const TrafficRow& row) {
    RouteRequest request;
    request.prompt = row.prompt;
    now_us_ += 1'000'000;
    return EvaluationRow(*snapshot_, request, config_->tiers.front().name,
                         {.id = ids_.Next(now_us_), .time_us = now_us_, .seed = 1, .salt = kReplaySalt});
  }

 private:
  const std::shared_ptr<const Config> config_;
  DecisionIdGenerator ids_;
  int64_t now_us_ = kStartUs;
  const std::unique_ptr<EventLog> log_;
  Learner learner_;
  const SnapshotPtr snapshot_;
  std::map<std::string, std::vector<LatencyObservation>> latencies_;
};

absl::Status Teacher::Show(const Traffic& traffic, const TrafficRow& row) {
  SUFFICE_ASSIGN_OR_RETURN(const DecisionRecord asked, Asked(row));
  for (size_t k = 0; k < row.tiers.size(); ++k) {
    if (config_->TierIndex(traffic.tier_names[k]) < 0) continue;
    const TrafficTier& answer = row.tiers[k];
    DecisionRecord decision = asked;
    decision.id = ids_.Next(now_us_);
    decision.tier = decision.policy_tier = traffic.tier_names[k];
    OutcomeRecord outcome{.time_us = now_us_};
    outcome.outcome.decision_id = decision.id;
    outcome.outcome.input_tokens = answer.input_tokens;
    outcome.outcome.output_tokens = answer.output_tokens;
    outcome.outcome.cost_usd = answer.cost_usd;
    outcome.outcome.latency_ms = answer.latency_ms;
    outcome.outcome.time_to_first_token_ms = answer.ttft_ms;
    const auto& latency =
        config_->limits.latency.metric == LatencyMetric::kFirstToken ? answer.ttft_ms : answer.latency_ms;
    if (latency && *latency > 0) {
      latencies_[decision.tier].push_back(
          {decision.features, std::log(*latency), decision.input_tokens_estimate, now_us_});
    }
    if (answer.cost_usd) outcome.cost_nanos = Money::FromUsd(*answer.cost_usd).nanos;
    FeedbackRecord feedback{.time_us = now_us_};
    feedback.feedback = {.feedback_id = decision.id.ToString(),
                         .decision_id = decision.id,
                         .reward = answer.quality,
                         .source = FeedbackSource::kJudge};
    SUFFICE_RETURN_IF_ERROR(log_->AppendEvaluation(std::move(decision), std::move(outcome), std::move(feedback)));
  }
  return absl::OkStatus();
}

// The half that a row is in: the same for the same prompt.
int FoldOf(const TrafficRow& row) { return static_cast<int>(Hash64(row.prompt, kFoldSeed) % kFolds); }

}  // namespace

absl::StatusOr<PlanEvidence> EvidenceFromTraffic(const Config& config, const Traffic& traffic, const Traffic* warmup) {
  SUFFICE_RETURN_IF_ERROR(CheckTiers("traffic", traffic, config));
  if (warmup != nullptr) SUFFICE_RETURN_IF_ERROR(CheckTiers("warmup", *warmup, config));
  SUFFICE_ASSIGN_OR_RETURN(const FeatureSetPtr features, FeaturesFor(config, traffic, warmup));
  const auto shared = std::make_shared<const Config>(config);
  PlanEvidence evidence{.known = traffic};
  for (int fold = 0; fold < kFolds; ++fold) {
    Teacher teacher(shared, features);
    SUFFICE_RETURN_IF_ERROR(teacher.Begin());
    if (warmup != nullptr) {
      for (const TrafficRow& row : warmup->rows) SUFFICE_RETURN_IF_ERROR(teacher.Show(*warmup, row));
    }
    for (const TrafficRow& row : traffic.rows) {
      if (FoldOf(row) != fold) SUFFICE_RETURN_IF_ERROR(teacher.Show(traffic, row));
    }
    SUFFICE_ASSIGN_OR_RETURN(PlanLearned learned, teacher.Learned());
    evidence.learned.push_back(std::move(learned));
  }
  Teacher asker(shared, features);
  for (const TrafficRow& row : traffic.rows) {
    SUFFICE_ASSIGN_OR_RETURN(DecisionRecord asked, asker.Asked(row));
    evidence.requests.push_back({.x = std::move(asked.features),
                                 .input_tokens = asked.input_tokens_estimate,
                                 .learned = FoldOf(row)});
  }
  evidence.source = fmt::format("{} recorded requests; each half predicted by what the other{} taught",
                                traffic.rows.size(), warmup != nullptr ? " and the warm-up" : "");
  return evidence;
}

}  // namespace suffice
