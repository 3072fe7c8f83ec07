// TierStatistics, declared in tier_model.h.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/status_macros.h"
#include "estimates/tier_model.h"
#include "stats/bytes.h"

namespace suffice {

TierStatistics::TierStatistics(int dimensions, double half_life, double keep)
    : quality(dimensions, half_life, keep),
      senders(dimensions),
      output_tokens(dimensions, half_life),
      latency(dimensions, half_life) {}

RidgeStatistics TierStatistics::Quality(std::span<const double> sender_weights, double max_share) const {
  constexpr double kFree = 200;  // observations that every sender may have: a newcomer does not unsay what is known
  RidgeStatistics sums = quality.Discounted();
  const bool all_believed =
      std::all_of(sender_weights.begin(), sender_weights.end(), [](double weight) { return weight == 1; });
  if (all_believed && max_share >= 1) return sums;
  const std::map<SumPlace, double> discounts = quality.Weights();
  const SenderSums::Change change = senders.Weighted(
      discounts, BoundShares(senders.Counts(discounts), {sender_weights.begin(), sender_weights.end()}, max_share, kFree));
  sums.ChangeAnswers(change.b, change.yy);
  return sums;
}

void TierStatistics::AppendTo(std::string& bytes) const {
  AppendValue(bytes, input_tokens);
  AppendValue(bytes, input_tokens_estimate);
  quality.AppendTo(bytes);
  senders.AppendTo(bytes);
  output_tokens.AppendTo(bytes);
  latency.AppendTo(bytes);
}

absl::StatusOr<TierStatistics> TierStatistics::Read(std::string_view& bytes) {
  const auto input_tokens = ReadValue<double>(bytes);
  const auto input_tokens_estimate = ReadValue<double>(bytes);
  const bool whole = input_tokens && input_tokens_estimate;
  if (!whole || !std::isfinite(*input_tokens) || !std::isfinite(*input_tokens_estimate)) {
    return absl::InvalidArgumentError("tier statistics: malformed bytes");
  }
  TierStatistics result(0, 0);
  result.input_tokens = *input_tokens;
  result.input_tokens_estimate = *input_tokens_estimate;
  SUFFICE_ASSIGN_OR_RETURN(result.quality, EpochStatistics::Read(bytes));
  SUFFICE_ASSIGN_OR_RETURN(result.senders, SenderSums::Read(bytes));
  if (result.senders.dimensions() != result.quality.dimensions()) {
    return absl::InvalidArgumentError("tier statistics: malformed bytes");
  }
  SUFFICE_ASSIGN_OR_RETURN(result.output_tokens, BucketedStatistics::Read(bytes));
  SUFFICE_ASSIGN_OR_RETURN(result.latency, BucketedStatistics::Read(bytes));
  return result;
}

}  // namespace suffice
