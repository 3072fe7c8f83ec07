#include "nightly/judging.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/status_macros.h"

namespace suffice {
namespace {

// Samples whose answers are held in memory at a time.
constexpr size_t kBatchSamples = 512;

using Place = std::pair<int64_t, std::string>;  // sample, tier

struct JudgeTally {
  int64_t scores = 0, failed = 0;
  std::string last_error;

  bool IsAway() const { return failed * 2 > scores; }
};

// What one judge has said so far, at its present version.
struct JudgeState {
  JudgeTally tally;
  std::set<Place> scored, failed;
};

absl::StatusOr<JudgeState> StateOf(WorkFile& file, int64_t run, const JudgeConfig& judge) {
  JudgeState state;
  SUFFICE_RETURN_IF_ERROR(file.ForEachScore(run, [&](const NightlyScore& score) {
    if (score.judge != judge.name || score.judge_version != judge.version) return true;
    ++state.tally.scores;
    if (score.score) {
      state.scored.emplace(score.sample, score.tier);
    } else {
      ++state.tally.failed;
      state.tally.last_error = score.error;
      state.failed.emplace(score.sample, score.tier);
    }
    return true;
  }));
  return state;
}

// One sample with its ok answers.
struct AnsweredSample {
  NightlySample sample;
  std::map<std::string, std::string> texts;  // by tier
};

// At most kBatchSamples samples after `last`, which is moved on; at the end to the largest number there is.
absl::StatusOr<std::vector<AnsweredSample>> NextSamples(WorkFile& file, int64_t run, int64_t& last) {
  std::vector<AnsweredSample> batch;
  const int64_t after = std::exchange(last, std::numeric_limits<int64_t>::max());
  SUFFICE_RETURN_IF_ERROR(file.ForEachSample(run, [&](const NightlySample& sample) {
    if (sample.number <= after) return true;
    if (batch.size() == kBatchSamples) {
      last = batch.back().sample.number;
      return false;
    }
    batch.push_back({.sample = sample});
    return true;
  }));
  size_t at = 0;
  SUFFICE_RETURN_IF_ERROR(file.ForEachAnswer(run, /*texts=*/true, [&](const NightlyAnswer& row) {
    while (at < batch.size() && batch[at].sample.number < row.sample) ++at;
    if (at == batch.size()) return false;
    if (batch[at].sample.number == row.sample && row.answer.status == CallStatus::kOk && !row.answer.wrong_model) {
      batch[at].texts.emplace(row.tier, row.answer.text);
    }
    return true;
  }));
  return batch;
}

class OneJudge {
 public:
  OneJudge(WorkFile& file, const NightlyRun& run, Judge& judge, ChatClient::Spending& spending, PaidStep& step)
      : file_(file), run_(run), judge_(judge), spending_(spending), step_(step) {}

  // Returns how many judgements the budget did not cover.
  absl::StatusOr<int64_t> JudgeAll(bool retry_failed, const std::function<void(double)>& progress) {
    SUFFICE_ASSIGN_OR_RETURN(const JudgeState state, StateOf(file_, run_.number, judge_.config()));
    again_ = retry_failed || state.tally.IsAway();
    step_.kept += std::ssize(state.scored) + (again_ ? 0 : std::ssize(state.failed));
    SUFFICE_ASSIGN_OR_RETURN(const int64_t samples, file_.CountSamples(run_.number));
    int64_t uncovered = 0;
    for (int64_t last = 0; last != std::numeric_limits<int64_t>::max();) {
      const auto first = static_cast<double>(last);
      SUFFICE_ASSIGN_OR_RETURN(const std::vector<AnsweredSample> batch, NextSamples(file_, run_.number, last));
      SUFFICE_ASSIGN_OR_RETURN(
          const int64_t left, JudgeBatch(batch, state, [&](double fraction) {
            if (!progress) return;
            progress((first + fraction * static_cast<double>(batch.size())) / static_cast<double>(samples));
          }));
      uncovered += left;
    }
    return uncovered;
  }

  // After all is judged.
  absl::Status CheckAnswered() {
    SUFFICE_ASSIGN_OR_RETURN(const JudgeState state, StateOf(file_, run_.number, judge_.config()));
    step_.failed += state.tally.failed;
    if (!state.tally.IsAway()) return absl::OkStatus();
    return absl::UnavailableError(
        fmt::format("judge \"{}\" gave no score for {} of {} answers (the last: {}). Nothing is lost: when it answers "
                    "again, start again, and those are asked once more",
                    judge_.config().name, state.tally.failed, state.tally.scores, state.tally.last_error));
  }

 private:
  absl::Status Save(const Place& place, const JudgeVerdict& verdict) {
    ++step_.asked;
    return file_.SaveScore(run_.number, {.sample = place.first,
                                         .tier = place.second,
                                         .judge = judge_.config().name,
                                         .judge_version = judge_.config().version,
                                         .score = verdict.score,
                                         .error = verdict.error,
                                         .cost_usd = verdict.cost_usd});
  }

  // Whether the judge can say something of the answer; fills in what it needs.
  bool Complete(const AnsweredSample& answered, JudgeTask& task) const {
    const std::string& against = judge_.config().pairwise_against;
    if (!against.empty()) {
      const auto other = answered.texts.find(against);
      if (other == answered.texts.end()) return false;
      task.other_answer = other->second;
      return true;
    }
    return !judge_.NeedsReference() || !task.reference.empty();
  }

  absl::StatusOr<int64_t> JudgeBatch(const std::vector<AnsweredSample>& batch, const JudgeState& state,
                                     const std::function<void(double)>& progress) {
    std::vector<JudgeTask> tasks;
    std::vector<Place> places;
    const JudgeConfig& config = judge_.config();
    for (const AnsweredSample& answered : batch) {
      for (const auto& [tier, text] : answered.texts) {
        const Place place{answered.sample.number, tier};
        if (state.scored.contains(place) || (!again_ && state.failed.contains(place))) continue;
        JudgeTask task{.prompt = answered.sample.prompt, .answer = text, .reference = answered.sample.reference};
        if (!Complete(answered, task)) continue;
        if (tier == config.pairwise_against) {
          SUFFICE_RETURN_IF_ERROR(Save(place, {.score = 0.5}));
          continue;
        }
        task.key = CallKey(
            run_, "score", answered.sample.number, config.name + "\n" + tier,
            fmt::format("{}\n{}\n{}\n{}\n{}", config.version, task.prompt, text, task.reference, task.other_answer));
        tasks.push_back(std::move(task));
        places.push_back(place);
      }
    }
    absl::Status saved;
    size_t done = 0;
    SUFFICE_ASSIGN_OR_RETURN(const int64_t left, judge_.Run(tasks, spending_, [&](size_t i, const JudgeVerdict& verdict) {
      saved = Save(places[i], verdict);
      progress(static_cast<double>(++done) / static_cast<double>(tasks.size()));
      return saved.ok();
    }));
    SUFFICE_RETURN_IF_ERROR(saved);
    return left;
  }

  WorkFile& file_;
  const NightlyRun& run_;
  Judge& judge_;
  ChatClient::Spending& spending_;
  PaidStep& step_;
  bool again_ = false;
};

absl::Status BudgetBroken(const Config& config, double spent_usd, int64_t left) {
  return absl::ResourceExhaustedError(fmt::format(
      "nightly.judge_budget_usd: ${:.4f} of ${:.4f} are spent and the rest may not cover another judgement at its "
      "worst: "
      "{} are left. Nothing is lost: start again with a larger one, for example --set nightly.judge_budget_usd={:.4g}",
      spent_usd, config.nightly.judge_budget_usd, left, 2 * config.nightly.judge_budget_usd));
}

}  // namespace

absl::StatusOr<PaidStep> JudgeAnswers(WorkFile& file, const NightlyRun& run, const Config& config,
                                      std::vector<std::unique_ptr<Judge>>& judges, const JudgingOptions& options) {
  if (judges.empty()) {
    return absl::FailedPreconditionError("judges: expected at least one judge to score the tiers' answers");
  }
  PaidStep step;
  ChatClient::Spending spending{.budget_usd = config.nightly.judge_budget_usd};
  SUFFICE_ASSIGN_OR_RETURN(spending.spent_usd, file.SpentOnScores(run.number));
  int64_t uncovered = 0;
  for (size_t j = 0; j < judges.size(); ++j) {
    OneJudge one(file, run, *judges[j], spending, step);
    SUFFICE_ASSIGN_OR_RETURN(const int64_t left, one.JudgeAll(options.retry_failed, [&](double fraction) {
      if (options.progress) {
        options.progress((static_cast<double>(j) + fraction) / static_cast<double>(judges.size()));
      }
    }));
    uncovered += left;
  }
  step.spent_usd = spending.spent_usd;
  if (uncovered > 0) return BudgetBroken(config, spending.spent_usd, uncovered);
  for (const std::unique_ptr<Judge>& judge : judges) {
    OneJudge one(file, run, *judge, spending, step);
    SUFFICE_RETURN_IF_ERROR(one.CheckAnswered());
  }
  return step;
}

absl::StatusOr<MeanScores> ReadMeanScores(WorkFile& file, int64_t run, const std::vector<JudgeConfig>& judges) {
  std::map<Place, std::pair<double, double>> sums;  // weighted scores, weights
  SUFFICE_RETURN_IF_ERROR(file.ForEachScore(run, [&](const NightlyScore& score) {
    if (!score.score) return true;
    for (const JudgeConfig& judge : judges) {
      if (judge.name != score.judge || judge.version != score.judge_version) continue;
      auto& [sum, weight] = sums[{score.sample, score.tier}];
      sum += judge.weight * *score.score;
      weight += judge.weight;
    }
    return true;
  }));
  MeanScores means;
  for (const auto& [place, sum] : sums) means[place] = sum.first / sum.second;
  return means;
}

}  // namespace suffice
