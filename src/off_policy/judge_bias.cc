#include "off_policy/judge_bias.h"

#include <algorithm>
#include <cmath>

#include "stats/normal.h"
#include "stats/student.h"

namespace suffice {
namespace {

JudgeBias BiasOf(std::span<const JudgedPair> pairs, const std::string& tier) {
  JudgeBias result;
  double user = 0, judge = 0;
  for (const JudgedPair& pair : pairs) {
    if (pair.tier != tier) continue;
    ++result.labels;
    user += pair.user;
    judge += pair.judge;
    result.mean_absolute_difference += std::abs(pair.judge - pair.user);
  }
  const auto n = static_cast<double>(result.labels);
  user /= n;
  judge /= n;
  result.mean_absolute_difference /= n;
  result.bias = judge - user;

  double users = 0, judges = 0, both = 0;  // sums of centred squares and products
  for (const JudgedPair& pair : pairs) {
    if (pair.tier != tier) continue;
    users += (pair.user - user) * (pair.user - user);
    judges += (pair.judge - judge) * (pair.judge - judge);
    both += (pair.user - user) * (pair.judge - judge);
  }
  if (users > 0 && judges > 0) result.correlation = both / std::sqrt(users * judges);
  if (result.labels < 2) return result;
  const double squares = std::max(0.0, users + judges - 2 * both);  // of judge minus user
  const double widened = InverseStudentCdf(0.975, n - 1) / InverseNormalCdf(0.975);
  result.standard_error = widened * std::sqrt(squares / (n - 1) / n);
  return result;
}

}  // namespace

std::map<std::string, JudgeBias> EstimateJudgeBias(std::span<const JudgedPair> pairs) {
  std::map<std::string, JudgeBias> biases;
  for (const JudgedPair& pair : pairs) biases.try_emplace(pair.tier);
  for (auto& [tier, bias] : biases) bias = BiasOf(pairs, tier);
  return biases;
}

RewardsBySource RewardsOf(const ObservedDecision& observed, int64_t upto_feedback_seq) {
  RewardsBySource rewards;
  for (const FeedbackRecord& record : observed.feedback) {
    if (record.seq > upto_feedback_seq) continue;
    const bool by_judge = record.feedback.source == FeedbackSource::kJudge;
    (by_judge ? rewards.judge : rewards.user) += record.feedback.reward;
    ++(by_judge ? rewards.judges : rewards.users);
  }
  if (rewards.users > 0) rewards.user /= static_cast<double>(rewards.users);
  if (rewards.judges > 0) rewards.judge /= static_cast<double>(rewards.judges);
  return rewards;
}

std::vector<double> SharedErrors(const std::vector<std::string>& tiers, const std::map<std::string, JudgeBias>& biases,
                                 std::span<const double> judged_share) {
  std::vector<double> errors(tiers.size());
  for (size_t a = 0; a < tiers.size(); ++a) {
    const auto found = biases.find(tiers[a]);
    if (found != biases.end() && found->second.IsKnown()) errors[a] = judged_share[a] * found->second.standard_error;
  }
  return errors;
}

}  // namespace suffice
