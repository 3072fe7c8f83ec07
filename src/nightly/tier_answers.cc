#include "nightly/tier_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/hash.h"
#include "base/status_macros.h"

namespace suffice {
namespace {

// Samples whose calls are held in memory at a time.
constexpr size_t kBatchSamples = 1024;

bool Failed(CallStatus status) { return status == CallStatus::kError || status == CallStatus::kTimeout; }

struct TierTally {
  int64_t answers = 0, failed = 0;
  std::string last_error;

  bool IsAway() const { return failed * 2 > answers; }
};
using Tallies = std::map<std::string, TierTally>;

absl::StatusOr<Tallies> TallyAnswers(WorkFile& file, int64_t run) {
  Tallies tallies;
  SUFFICE_RETURN_IF_ERROR(file.ForEachAnswer(run, /*texts=*/false, [&](const NightlyAnswer& row) {
    TierTally& tally = tallies[row.tier];
    ++tally.answers;
    if (Failed(row.answer.status)) {
      ++tally.failed;
      tally.last_error = row.answer.error;
    }
    return true;
  }));
  return tallies;
}

using Answered = std::set<std::pair<int64_t, std::string>>;  // sample, tier

// What need not be asked.
absl::StatusOr<Answered> WhatIsAnswered(WorkFile& file, int64_t run, bool retry_failed) {
  SUFFICE_ASSIGN_OR_RETURN(Tallies tallies, TallyAnswers(file, run));
  Answered answered;
  SUFFICE_RETURN_IF_ERROR(file.ForEachAnswer(run, /*texts=*/false, [&](const NightlyAnswer& row) {
    const bool again = Failed(row.answer.status) && (retry_failed || tallies[row.tier].IsAway());
    if (!again) answered.emplace(row.sample, row.tier);
    return true;
  }));
  return answered;
}

int64_t LongestAnswer(const Tier& tier, const NightlyConfig& nightly) {
  const int64_t answer = tier.max_output_tokens > 0 ? std::min(tier.max_output_tokens, nightly.max_output_tokens)
                                                    : nightly.max_output_tokens;
  return answer;
}

ChatCall CallOf(const NightlyRun& run, const NightlySample& sample, const Tier& tier, const Config& config) {
  ChatCall call;
  call.provider = tier.provider;
  call.model = tier.model;
  call.messages = {{"user", sample.prompt}};
  call.max_output_tokens = LongestAnswer(tier, config.nightly);
  call.thinking_budget_tokens = tier.thinking_budget_tokens;
  call.price = tier.PriceAt(run.started_us);
  call.worst_cost_usd =
      WorstCallUsd(call.price, sample.prompt.size(), call.max_output_tokens + call.thinking_budget_tokens);
  call.key = CallKey(
      run, "answer", sample.number, tier.name,
      fmt::format("{}\n{}\n{}\n{}", tier.model, call.max_output_tokens, call.thinking_budget_tokens, sample.prompt));
  return call;
}

struct Batch {
  std::vector<ChatCall> calls;
  std::vector<std::pair<int64_t, std::string>> places;  // sample and tier of each
};

// The calls of at most kBatchSamples samples after `last`, which is moved on; at the end of the samples to the largest
// number there is.
absl::StatusOr<Batch> NextBatch(WorkFile& file, const NightlyRun& run, const Config& config, const Answered& answered,
                                int64_t& last) {
  Batch batch;
  size_t samples = 0;
  const int64_t after = last;
  last = std::numeric_limits<int64_t>::max();
  SUFFICE_RETURN_IF_ERROR(file.ForEachSample(run.number, [&](const NightlySample& sample) {
    if (sample.number <= after) return true;
    const size_t before = batch.calls.size();
    for (const Tier& tier : config.tiers) {
      if (answered.contains({sample.number, tier.name})) continue;
      batch.calls.push_back(CallOf(run, sample, tier, config));
      batch.places.emplace_back(sample.number, tier.name);
    }
    samples += batch.calls.size() > before;
    if (samples < kBatchSamples) return true;
    last = sample.number;
    return false;
  }));
  return batch;
}

absl::Status BudgetBroken(const Config& config, double spent_usd, int64_t left) {
  return absl::ResourceExhaustedError(fmt::format(
      "nightly.run_budget_usd: ${:.4f} of ${:.4f} are spent and the rest may not cover another call at its worst: {} "
      "calls are left. Nothing is lost: start again with a larger one, for example --set nightly.run_budget_usd={:.4g}",
      spent_usd, config.nightly.run_budget_usd, left, 2 * config.nightly.run_budget_usd));
}

absl::Status ProviderAway(const std::string& tier, const TierTally& tally) {
  return absl::UnavailableError(
      fmt::format("{} of the {} calls to tier \"{}\" failed (the last: {}). Nothing is lost: when its provider answers "
                  "again, start "
                  "again, and those are asked once more",
                  tally.failed, tally.answers, tier, tally.last_error));
}

}  // namespace

double WorstCallUsd(const Price& price, size_t prompt_bytes, int64_t max_output_tokens) {
  constexpr double kChatOverheadTokens = 64;
  const double input = std::max(price.input_usd_per_mtok, price.cached_input_usd_per_mtok.value_or(0));
  const double output = std::max(price.output_usd_per_mtok, price.reasoning_usd_per_mtok.value_or(0));
  return 1e-6 * (input * (static_cast<double>(prompt_bytes) + kChatOverheadTokens) +
                 output * static_cast<double>(max_output_tokens));
}

std::string CallKey(const NightlyRun& run, std::string_view kind, int64_t sample, std::string_view who,
                    std::string_view contents) {
  const std::string all = fmt::format("{:016x}\n{}\n{}\n{}\n{}\n{}", run.seed, run.number, kind, sample, who, contents);
  return "suffice-" + Sha256Hex(all).substr(0, 40);
}

absl::StatusOr<PaidStep> RunTiers(WorkFile& file, const NightlyRun& run, const Config& config, ChatClient& client,
                                  const TierAnswersOptions& options) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t samples, file.CountSamples(run.number));
  SUFFICE_ASSIGN_OR_RETURN(const Answered answered, WhatIsAnswered(file, run.number, options.retry_failed));
  PaidStep step{.kept = std::ssize(answered)};
  ChatClient::Spending spending{.budget_usd = config.nightly.run_budget_usd};
  SUFFICE_ASSIGN_OR_RETURN(spending.spent_usd, file.SpentOnAnswers(run.number));
  const auto total = static_cast<double>(samples * std::ssize(config.tiers));
  int64_t uncovered = 0;
  for (int64_t last = 0; last != std::numeric_limits<int64_t>::max();) {
    SUFFICE_ASSIGN_OR_RETURN(const Batch batch, NextBatch(file, run, config, answered, last));
    absl::Status saved;
    SUFFICE_ASSIGN_OR_RETURN(
        const int64_t left, client.Run(batch.calls, spending, [&](size_t i, const ChatAnswer& answer) {
          if (answer.status == CallStatus::kCancelled) return true;  // nobody answered: it is asked again
          saved = file.SaveAnswer(run.number, {batch.places[i].first, batch.places[i].second, answer});
          ++step.asked;
          if (options.progress) options.progress(static_cast<double>(step.kept + step.asked) / total);
          return saved.ok();
        }));
    SUFFICE_RETURN_IF_ERROR(saved);
    uncovered += left;
  }
  step.spent_usd = spending.spent_usd;
  if (uncovered > 0) return BudgetBroken(config, spending.spent_usd, uncovered);
  SUFFICE_ASSIGN_OR_RETURN(const Tallies tallies, TallyAnswers(file, run.number));
  for (const auto& [tier, tally] : tallies) {
    if (tally.IsAway()) return ProviderAway(tier, tally);
    step.failed += tally.failed;
  }
  return step;
}

}  // namespace suffice
