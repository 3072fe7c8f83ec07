// How far a judge's scores are from what users say of the same answers, by tier, and how to take that off.
//
// A judge may favour one model's manner: that is a bias of a tier, and comparing policies by its scores would prefer
// the policy that chooses that tier more often. Where some answers have a user's reward too, the mean difference
// estimates the bias (the rectifier of prediction-powered inference), and its variance goes into the interval of every
// value that rests on corrected scores. The answers with both are taken for a fair sample of the tier's answers.
// Thread contract: pure functions on plain data.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "log/records.h"

namespace suffice {

// One answer that both a user and a judge have rated, in [0, 1].
struct JudgedPair {
  std::string tier;
  double user = 0;
  double judge = 0;
};

struct JudgeBias {
  int64_t labels = 0;  // answers with both
  double bias = 0;     // mean of judge minus user
  // Of `bias`. Widened for few labels, so that 1.96 of it cover 95% as Student's t does. 0 with fewer than 2 labels:
  // then nothing is known, and nothing is corrected.
  double standard_error = 0;
  double correlation = 0;               // 0 where one of the two never changes
  double mean_absolute_difference = 0;  // of judge and user

  bool IsKnown() const { return labels >= kFewestLabels; }
  // The judge's score as a user would have given it, on average: score - bias; as it is when the bias is not known.
  double Corrected(double score) const { return IsKnown() ? score - bias : score; }

  static constexpr int64_t kFewestLabels = 10;  // with fewer, a correction would bring more noise than it takes away
};

// By tier.
std::map<std::string, JudgeBias> EstimateJudgeBias(std::span<const JudgedPair> pairs);

// Means of a decision's feedback up to a place in the log, by who gave it; a check's word counts as a user's.
struct RewardsBySource {
  double user = 0, judge = 0;
  int64_t users = 0, judges = 0;
};
RewardsBySource RewardsOf(const ObservedDecision& observed, int64_t upto_feedback_seq);

// For ValueOptions::tier_standard_error: the biases' standard errors times the share of each tier's rewards that are a
// judge's alone. `judged_share`: by tier, in [0, 1].
std::vector<double> SharedErrors(const std::vector<std::string>& tiers, const std::map<std::string, JudgeBias>& biases,
                                 std::span<const double> judged_share);

}  // namespace suffice
