#include "nightly/evaluations.h"

#include <algorithm>

#include "base/status_macros.h"
#include "nightly/judging.h"

namespace suffice {
namespace {

// What users said of the served tier's answer, beside what the judges think of it.
absl::StatusOr<std::optional<JudgedPair>> PairOf(const EvaluatedSample& evaluated, const NightlyRun& run,
                                                 EventLog& log) {
  const auto answer = evaluated.answers.find(evaluated.sample.served_tier);
  if (answer == evaluated.answers.end() || !answer->second.score) return std::nullopt;
  const auto id = DecisionId::Parse(evaluated.sample.id);
  if (!id) return std::nullopt;
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<ObservedDecision> observed, log.Find(*id));
  if (!observed) return std::nullopt;
  const RewardsBySource rewards = RewardsOf(*observed, run.end.feedback_seq);
  if (rewards.users == 0) return std::nullopt;
  return JudgedPair{.tier = answer->first, .user = rewards.user, .judge = *answer->second.score};
}

absl::Status ReadAnswers(WorkFile& file, const NightlyRun& run, const Config& config, Evaluations& evaluations) {
  SUFFICE_ASSIGN_OR_RETURN(const MeanScores scores, ReadMeanScores(file, run.number, config.judges));
  size_t at = 0;
  return file.ForEachAnswer(run.number, /*texts=*/false, [&](const NightlyAnswer& row) {
    while (evaluations.samples[at].sample.number < row.sample) ++at;
    if (config.TierIndex(row.tier) < 0) return true;
    TierFailures& failures = evaluations.failures[row.tier];
    const ChatAnswer& answer = row.answer;
    if (answer.status == CallStatus::kRefused) {
      ++failures.refusals;
    } else if (answer.status != CallStatus::kOk) {
      ++failures.errors;
    } else if (answer.wrong_model) {
      ++failures.wrong_model;
    } else {
      EvaluatedAnswer evaluated{.cost_usd = answer.cost_usd,
                                .input_tokens = answer.input_tokens,
                                .output_tokens = answer.output_tokens,
                                .latency_ms = answer.latency_ms};
      if (const auto score = scores.find({row.sample, row.tier}); score != scores.end()) {
        evaluated.score = score->second;
      } else {
        ++failures.unscored;
      }
      evaluations.samples[at].answers.emplace(row.tier, evaluated);
    }
    return true;
  });
}

absl::Status CorrectScores(const NightlyRun& run, EventLog* log, Evaluations& evaluations) {
  std::vector<JudgedPair> pairs;
  for (const EvaluatedSample& evaluated : evaluations.samples) {
    if (!evaluated.sample.from_log || log == nullptr) continue;
    SUFFICE_ASSIGN_OR_RETURN(const std::optional<JudgedPair> pair, PairOf(evaluated, run, *log));
    if (pair) pairs.push_back(*pair);
  }
  evaluations.bias = EstimateJudgeBias(pairs);
  for (EvaluatedSample& evaluated : evaluations.samples) {
    for (auto& [tier, answer] : evaluated.answers) {
      if (!answer.score) continue;
      const auto bias = evaluations.bias.find(tier);
      answer.reward = bias == evaluations.bias.end() ? *answer.score : bias->second.Corrected(*answer.score);
    }
  }
  return absl::OkStatus();
}

}  // namespace

bool IsBiasKnown(const Evaluations& evaluations, const std::vector<Tier>& tiers) {
  return std::all_of(tiers.begin(), tiers.end(), [&](const Tier& tier) {
    const auto bias = evaluations.bias.find(tier.name);
    return bias != evaluations.bias.end() && bias->second.IsKnown();
  });
}

absl::StatusOr<Evaluations> ReadEvaluations(WorkFile& file, const NightlyRun& run, const Config& config,
                                            EventLog* log) {
  Evaluations evaluations;
  SUFFICE_RETURN_IF_ERROR(file.ForEachSample(run.number, [&](const NightlySample& sample) {
    evaluations.samples.push_back(
        {.sample = sample, .held_out = IsHeldOut(sample.id, config.nightly.holdout, run.seed)});
    return true;
  }));
  SUFFICE_RETURN_IF_ERROR(ReadAnswers(file, run, config, evaluations));
  SUFFICE_RETURN_IF_ERROR(CorrectScores(run, log, evaluations));
  return evaluations;
}

std::vector<Evaluation> ForRefit(const Evaluations& evaluations) {
  std::vector<Evaluation> list;
  for (const EvaluatedSample& evaluated : evaluations.samples) {
    const NightlySample& sample = evaluated.sample;
    Evaluation evaluation{.id = sample.id,
                          .sketch = sample.sketch,
                          .input_tokens_estimate = sample.input_tokens_estimate,
                          .weight = sample.Weight()};
    for (const auto& [tier, answer] : evaluated.answers) {
      Evaluation::Answer& out = evaluation.answers[tier];
      if (answer.reward) out.reward = std::clamp(*answer.reward, 0.0, 1.0);
      out.cost_usd = answer.cost_usd;
      out.input_tokens = answer.input_tokens;
      out.output_tokens = answer.output_tokens;
      out.latency_ms = answer.latency_ms;
    }
    list.push_back(std::move(evaluation));
  }
  return list;
}

}  // namespace suffice
