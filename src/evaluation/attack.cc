#include "evaluation/attack.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>

#include "base/status_macros.h"
#include "engine/decide.h"
#include "evaluation/attack_texts.h"
#include "evaluation/baselines.h"
#include "evaluation/random_stream.h"

namespace suffice {
namespace {

constexpr double kExcluded = -1e9;  // score of a tier that may not answer
constexpr int64_t kTimeUs = 1'800'000'000'000'000;  // of every decision

constexpr double kMarkShare = 0.2;     // of what is tried in a prefix

enum Stream : uint64_t { kFillerDraws, kClimbDraws };
enum class Push { kDearer, kCheaper };

// What the policy makes of one prompt.
struct Answer {
  size_t tier = 0;  // the most probable
  std::array<double, kMaxCandidates> propensity{};
  std::array<double, kMaxCandidates> score{};  // what moves the policy
};

// The frozen policy.
class Oracle {
 public:
  Oracle(const Snapshot& snapshot, uint64_t salt)
      : snapshot_(snapshot), by_quality_(snapshot.config->policy.kind == PolicyKind::kThreshold) {
    context_.time_us = kTimeUs;
    context_.salt = salt;
  }

  absl::Status Ask(const std::string& prompt, Answer& answer) {
    request_.prompt = prompt;
    SUFFICE_RETURN_IF_ERROR(Consider(snapshot_, request_, context_, consideration_));
    SUFFICE_RETURN_IF_ERROR(Choose(snapshot_, request_, consideration_));
    const std::vector<TierView>& tiers = consideration_.row.tiers;
    answer.tier = 0;
    for (size_t k = 0; k < tiers.size(); ++k) {
      answer.propensity[k] = tiers[k].propensity;
      // A tier that may not answer is no place to be pushed to.
      const double moves = by_quality_ ? tiers[k].quality : tiers[k].score;
      answer.score[k] = tiers[k].exclusion == ExclusionReason::kNone ? moves : kExcluded;
      if (answer.propensity[k] > answer.propensity[answer.tier]) answer.tier = k;
    }
    return absl::OkStatus();
  }

 private:
  const Snapshot& snapshot_;
  const bool by_quality_;
  RouteRequest request_;
  DecideContext context_;
  Consideration consideration_;
};

class Attacks {
 public:
  Attacks(const Snapshot& snapshot, const Traffic& known, const Traffic& victims, const AttackOptions& options)
      : options_(options),
        known_(known),
        victims_(victims),
        tiers_(snapshot.config->tiers.size()),
        table_(MakeQualityCostTable(victims, snapshot.config->tiers)),
        oracle_(snapshot, options.salt),
        vocabulary_(VocabularyOf(known)) {
    for (const auto& row : table_) {
      for (size_t k = 0; k < tiers_; ++k) mean_cost_[k] += row[k].cost_usd / static_cast<double>(table_.size());
    }
  }

  absl::StatusOr<std::vector<AttackResult>> Run();

 private:
  // Makes the attacked text of the victim's prompt.
  using Rewrite = std::function<std::string(const std::string& prompt)>;

  absl::Status AskClean();
  // Tries each rewrite on every `step`th victim.
  absl::Status Try(std::string name, const std::vector<Rewrite>& rewrites, size_t step = 1);
  absl::Status TryFiller(std::string name, const std::vector<std::string>& words);
  absl::Status TryPrefixes(std::string name, Push push);
  absl::StatusOr<std::string> Climb(Push push, RandomStream& random);
  double MarginOf(const Answer& answer, size_t clean_tier, Push push) const;

  const AttackOptions& options_;
  const Traffic& known_;
  const Traffic& victims_;
  const size_t tiers_;
  const QualityCostTable table_;  // of the victims
  std::array<double, kMaxCandidates> mean_cost_{};
  Oracle oracle_;
  const std::vector<std::string> vocabulary_;
  std::vector<Answer> clean_;  // by victim
  std::vector<AttackResult> results_;
};

absl::Status Attacks::AskClean() {
  clean_.resize(victims_.rows.size());
  for (size_t i = 0; i < clean_.size(); ++i) SUFFICE_RETURN_IF_ERROR(oracle_.Ask(victims_.rows[i].prompt, clean_[i]));
  return absl::OkStatus();
}

absl::Status Attacks::Try(std::string name, const std::vector<Rewrite>& rewrites, size_t step) {
  AttackResult result{.name = std::move(name)};
  int64_t dearer = 0, cheaper = 0;
  double shift = 0, quality = 0, cost_usd = 0;
  Answer now;
  for (const Rewrite& rewrite : rewrites) {
    int64_t flipped = 0, tried = 0;
    for (size_t i = 0; i < clean_.size(); i += step, ++tried) {
      SUFFICE_RETURN_IF_ERROR(oracle_.Ask(rewrite(victims_.rows[i].prompt), now));
      const size_t from = clean_[i].tier, to = now.tier;
      flipped += from != to;
      dearer += from != to && mean_cost_[to] > mean_cost_[from];
      cheaper += from != to && mean_cost_[to] <= mean_cost_[from];
      for (size_t k = 0; k < tiers_; ++k) shift += std::abs(now.propensity[k] - clean_[i].propensity[k]) / 2;
      quality += table_[i][to].quality - table_[i][from].quality;
      cost_usd += table_[i][to].cost_usd - table_[i][from].cost_usd;
    }
    result.decisions += tried;
    result.worst = std::max(result.worst, static_cast<double>(flipped) / static_cast<double>(tried));
  }
  const auto n = static_cast<double>(result.decisions);
  result.to_dearer = static_cast<double>(dearer) / n;
  result.to_cheaper = static_cast<double>(cheaper) / n;
  result.shift = shift / n;
  result.quality_change = quality / n;
  result.cost_change_usd = cost_usd / n;
  results_.push_back(std::move(result));
  return absl::OkStatus();
}

absl::Status Attacks::TryFiller(std::string name, const std::vector<std::string>& words) {
  RandomStream random(options_.seed, {kFillerDraws});
  const auto filler = [&] { return RandomFiller(words, options_.filler_words, random); };
  SUFFICE_RETURN_IF_ERROR(
      Try(name + ", front", {[&](const std::string& prompt) { return filler() + " " + prompt; }}));
  return Try(name + ", end", {[&](const std::string& prompt) { return prompt + " " + filler(); }});
}

// By how much the best tier of the wanted direction leads the best other one. Where the decision is at that end
// already, nothing can be won.
double Attacks::MarginOf(const Answer& answer, size_t clean_tier, Push push) const {
  double wanted = kExcluded, other = kExcluded;
  for (size_t k = 0; k < tiers_; ++k) {
    const bool there = push == Push::kDearer ? mean_cost_[k] > mean_cost_[clean_tier] : mean_cost_[k] < mean_cost_[clean_tier];
    double& best = there ? wanted : other;
    best = std::max(best, answer.score[k]);
  }
  return wanted - other;
}

absl::StatusOr<std::string> Attacks::Climb(Push push, RandomStream& random) {
  struct Target {
    const std::string* prompt;
    size_t clean_tier;
  };
  std::vector<Target> targets;
  std::vector<double> margins;
  Answer answer;
  for (int i = 0; i < options_.climb_prompts; ++i) {
    const std::string& prompt = known_.rows[random.Below(known_.rows.size())].prompt;
    SUFFICE_RETURN_IF_ERROR(oracle_.Ask(prompt, answer));
    const double margin = MarginOf(answer, answer.tier, push);
    if (margin < kExcluded / 2) continue;
    targets.push_back({&prompt, answer.tier});
    margins.push_back(margin);
  }
  if (targets.empty()) return std::string();
  double mean = 0, squares = 0;
  for (const double margin : margins) mean += margin / static_cast<double>(margins.size());
  for (const double margin : margins) squares += (margin - mean) * (margin - mean);
  const double scale = std::max(std::sqrt(squares / static_cast<double>(margins.size())), 1e-6);
  const auto value_of = [&](const std::string& prefix) -> absl::StatusOr<double> {
    double value = 0;
    for (const Target& target : targets) {
      SUFFICE_RETURN_IF_ERROR(oracle_.Ask(prefix + *target.prompt, answer));
      value += 1 / (1 + std::exp(-MarginOf(answer, target.clean_tier, push) / scale));
    }
    return value;
  };
  std::string prefix, best_prefix;
  SUFFICE_ASSIGN_OR_RETURN(double best, value_of(prefix));
  for (int place = 0; place < options_.prefix_words; ++place) {
    std::string longest;
    double most = -1;
    for (int i = 0; i < options_.tried_words; ++i) {
      std::string tried = prefix;
      tried += random.Uniform() < kMarkShare ? AttackMarks()[random.Below(AttackMarks().size())]
                                             : std::string_view(vocabulary_[random.Below(vocabulary_.size())]);
      tried += ' ';
      SUFFICE_ASSIGN_OR_RETURN(const double value, value_of(tried));
      if (value <= most) continue;
      most = value;
      longest = std::move(tried);
    }
    // Goes on where a word does not help: two may.
    prefix = std::move(longest);
    if (most <= best) continue;
    best = most;
    best_prefix = prefix;
  }
  return best_prefix;
}

absl::Status Attacks::TryPrefixes(std::string name, Push push) {
  if (options_.prefixes < 1) return absl::OkStatus();
  std::vector<Rewrite> rewrites;
  for (int i = 0; i < options_.prefixes; ++i) {
    RandomStream random(options_.seed, {kClimbDraws, static_cast<uint64_t>(push), static_cast<uint64_t>(i)});
    SUFFICE_ASSIGN_OR_RETURN(std::string prefix, Climb(push, random));
    rewrites.push_back([prefix = std::move(prefix)](const std::string& prompt) { return prefix + prompt; });
  }
  const auto most = static_cast<size_t>(options_.prefix_prompts);
  return Try(std::move(name), rewrites, (clean_.size() + most - 1) / most);
}

absl::StatusOr<std::vector<AttackResult>> Attacks::Run() {
  if (vocabulary_.empty()) return absl::FailedPreconditionError("no word stands in two prompts of the traffic");
  SUFFICE_RETURN_IF_ERROR(AskClean());
  SUFFICE_RETURN_IF_ERROR(TryFiller("filler of the traffic's words", vocabulary_));
  SUFFICE_RETURN_IF_ERROR(TryFiller("filler of ordinary words", {OrdinaryWords().begin(), OrdinaryWords().end()}));
  const auto length = static_cast<size_t>(6 * options_.filler_words);
  SUFFICE_RETURN_IF_ERROR(Try("blanks, as long as a filler", {[length](const std::string& prompt) {
                                return prompt + std::string(length, ' ');
                              }}));
  std::vector<Rewrite> templates;
  for (const PromptTemplate& each : AttackTemplates()) {
    templates.push_back([&each](const std::string& prompt) {
      return std::string(each.before) + prompt + std::string(each.after);
    });
  }
  SUFFICE_RETURN_IF_ERROR(Try("templates", templates));
  SUFFICE_RETURN_IF_ERROR(TryPrefixes("optimised prefixes, to dearer", Push::kDearer));
  SUFFICE_RETURN_IF_ERROR(TryPrefixes("optimised prefixes, to cheaper", Push::kCheaper));
  return std::move(results_);
}

}  // namespace

absl::StatusOr<std::vector<AttackResult>> MeasureAttacks(const Snapshot& snapshot, const Traffic& known,
                                                         const Traffic& victims, const AttackOptions& options) {
  return Attacks(snapshot, known, victims, options).Run();
}

std::vector<AttackResult> MeanOf(const std::vector<std::vector<AttackResult>>& runs) {
  std::vector<AttackResult> mean = runs.front();
  const double share = 1 / static_cast<double>(runs.size());
  for (size_t a = 0; a < mean.size(); ++a) {
    AttackResult& sum = mean[a] = {.name = mean[a].name};
    for (const auto& run : runs) {
      sum.decisions += run[a].decisions;
      sum.to_dearer += share * run[a].to_dearer;
      sum.to_cheaper += share * run[a].to_cheaper;
      sum.worst = std::max(sum.worst, run[a].worst);
      sum.shift += share * run[a].shift;
      sum.quality_change += share * run[a].quality_change;
      sum.cost_change_usd += share * run[a].cost_change_usd;
    }
  }
  return mean;
}

}  // namespace suffice
