#include "stats/epoch_statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "base/status_macros.h"
#include "stats/bytes.h"

namespace suffice {

EpochStatistics::EpochStatistics(int dimensions, double half_life, double keep)
    : dimensions_(dimensions), half_life_(half_life), keep_(keep) {
  assert(keep > 0);
}

void EpochStatistics::Add(int64_t epoch, int64_t bucket, std::span<const float> x, double weight, double y) {
  if (epoch < first_kept_) return;
  epochs_.try_emplace(epoch, dimensions_, half_life_).first->second.Add(bucket, x, weight, y);
}

void EpochStatistics::AddSums(int64_t epoch, int64_t bucket, const RidgeStatistics& sums) {
  if (epoch < first_kept_) return;
  epochs_.try_emplace(epoch, dimensions_, half_life_).first->second.AddSums(bucket, sums);
}

// What the sums before an epoch count for from then on, where there are `n` of them.
double EpochStatistics::ScaleBefore(const BucketedStatistics& epoch, double n) const {
  const double scale = std::min(1.0, keep_ / n);
  return half_life_ > 0 ? scale * std::exp2(-std::max(0.0, epoch.n()) / half_life_) : scale;
}

RidgeStatistics EpochStatistics::Discounted() const {
  RidgeStatistics sum(dimensions_);
  for (const auto& [epoch, statistics] : epochs_) {
    if (sum.n() > 0) sum.AddScaled(sum, ScaleBefore(statistics, sum.n()) - 1);
    sum.AddScaled(statistics.Discounted(), 1);
  }
  return sum;
}

std::map<std::pair<int64_t, int64_t>, double> EpochStatistics::Weights() const {
  std::map<std::pair<int64_t, int64_t>, double> weights;
  double n = 0;
  for (const auto& [epoch, statistics] : epochs_) {
    if (n > 0) {
      const double scale = ScaleBefore(statistics, n);
      for (auto& [place, weight] : weights) weight *= scale;
      n *= scale;
    }
    for (const auto& [bucket, weight] : statistics.Weights()) weights[{epoch, bucket}] = weight;
    n += statistics.Discounted().n();
  }
  return weights;
}

double EpochStatistics::n() const {
  double n = 0;
  for (const auto& [epoch, statistics] : epochs_) n = std::min(n, keep_) + statistics.n();
  return n;
}

double EpochStatistics::observed() const {
  double observed = 0;
  for (const auto& [epoch, statistics] : epochs_) observed += statistics.n();
  return observed;
}

size_t EpochStatistics::buckets() const {
  size_t buckets = 0;
  for (const auto& [epoch, statistics] : epochs_) buckets += static_cast<size_t>(statistics.buckets());
  return buckets;
}

void EpochStatistics::ForgetBefore(int64_t first_kept) {
  first_kept_ = std::max(first_kept_, first_kept);
  epochs_.erase(epochs_.begin(), epochs_.lower_bound(first_kept_));
}

void EpochStatistics::AppendTo(std::string& bytes) const {
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(dimensions_));
  AppendValue(bytes, half_life_);
  AppendValue(bytes, keep_);
  AppendValue(bytes, first_kept_);
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(epochs_.size()));
  for (const auto& [epoch, statistics] : epochs_) {
    AppendValue(bytes, epoch);
    statistics.AppendTo(bytes);
  }
}

absl::StatusOr<EpochStatistics> EpochStatistics::Read(std::string_view& bytes) {
  const auto malformed = [] { return absl::InvalidArgumentError("epoch statistics: malformed bytes"); };
  const auto dimensions = ReadValue<uint32_t>(bytes);
  const auto half_life = ReadValue<double>(bytes), keep = ReadValue<double>(bytes);
  const auto first_kept = ReadValue<int64_t>(bytes);
  const auto count = ReadValue<uint32_t>(bytes);
  if (!dimensions || !half_life || !keep || !first_kept || !count) return malformed();
  if (*dimensions > static_cast<uint32_t>(std::numeric_limits<int>::max())) return malformed();
  if (!std::isfinite(*half_life) || *half_life < 0 || !std::isfinite(*keep) || *keep <= 0) return malformed();
  EpochStatistics result(static_cast<int>(*dimensions), *half_life, *keep);
  result.first_kept_ = *first_kept;
  for (uint32_t i = 0; i < *count; ++i) {
    const auto epoch = ReadValue<int64_t>(bytes);
    if (!epoch || *epoch < *first_kept) return malformed();
    if (i > 0 && *epoch <= result.epochs_.rbegin()->first) return malformed();
    SUFFICE_ASSIGN_OR_RETURN(BucketedStatistics statistics, BucketedStatistics::Read(bytes));
    if (statistics.dimensions() != result.dimensions_) return malformed();
    result.epochs_.emplace_hint(result.epochs_.end(), *epoch, std::move(statistics));
  }
  return result;
}

}  // namespace suffice
