// BucketedStatistics, declared in ridge.h.
#include <cassert>
#include <cmath>
#include <limits>

#include "base/status_macros.h"
#include "stats/bytes.h"
#include "stats/ridge.h"

namespace suffice {
namespace {

// In half-lives of newer observations: after how many a bucket no longer counts, and after how many it leaves memory (more,
// as some of the newer ones may be taken back).
constexpr double kCountedHalfLives = 12;
constexpr double kKeptHalfLives = 14;

constexpr int kRecentBuckets = 8;  // newest ones, outside the checkpoint

}  // namespace

BucketedStatistics::BucketedStatistics(int dimensions, double half_life)
    : dimensions_(dimensions), half_life_(half_life), forgotten_(std::numeric_limits<int64_t>::min()) {
  assert(dimensions >= 0 && half_life >= 0);
}

template <typename Changing>
void BucketedStatistics::Change(int64_t bucket, double n, const Changing& change) {
  if (half_life_ == 0) bucket = 0;  // nothing is forgotten, so one bucket is enough
  if (bucket <= forgotten_) return;
  const bool newest = buckets_.empty() || bucket > buckets_.rbegin()->first;
  change(buckets_.try_emplace(bucket, dimensions_).first->second);
  kept_n_ += n;
  if (bucket <= checkpoint_.last) checkpoint_.valid = false;
  ForgetOld();
  if (newest) MakeCheckpoint();
}

void BucketedStatistics::Add(int64_t bucket, std::span<const float> x, double weight, double y) {
  Change(bucket, weight, [&](RidgeStatistics& sums) { sums.Add(x, weight, y); });
}

void BucketedStatistics::AddSums(int64_t bucket, const RidgeStatistics& added) {
  Change(bucket, added.n(), [&](RidgeStatistics& sums) { sums.AddScaled(added, 1); });
}

bool BucketedStatistics::Counts(double newer) const {
  return half_life_ == 0 || newer <= kCountedHalfLives * half_life_;
}

double BucketedStatistics::Weight(double newer) const { return half_life_ == 0 ? 1 : std::exp2(-newer / half_life_); }

void BucketedStatistics::ForgetOld() {
  if (half_life_ == 0) return;
  while (!buckets_.empty()) {
    const auto oldest = buckets_.begin();
    const double newer = kept_n_ - oldest->second.n();
    if (newer <= kKeptHalfLives * half_life_) return;
    if (oldest->first >= checkpoint_.first) checkpoint_.valid = false;
    kept_n_ = newer;
    forgotten_ = oldest->first;
    buckets_.erase(oldest);
  }
}

void BucketedStatistics::MakeCheckpoint() {
  checkpoint_.valid = false;
  if (buckets_.size() <= 2 * kRecentBuckets) return;
  double recent = 0;
  auto bucket = buckets_.rbegin();
  for (int i = 0; i < kRecentBuckets; ++i, ++bucket) recent += bucket->second.n();
  checkpoint_ = {true, bucket->first, bucket->first, RidgeStatistics(dimensions_)};
  for (double newer = 0; bucket != buckets_.rend() && Counts(recent + newer); ++bucket) {
    checkpoint_.sum.AddScaled(bucket->second, Weight(newer));
    checkpoint_.first = bucket->first;
    newer += bucket->second.n();
  }
}

RidgeStatistics BucketedStatistics::Discounted() const {
  RidgeStatistics sum(dimensions_);
  double newer = 0;
  bool in_checkpoint = false;
  for (auto bucket = buckets_.rbegin(); bucket != buckets_.rend(); ++bucket) {
    if (checkpoint_.valid && bucket->first == checkpoint_.last) {
      sum.AddScaled(checkpoint_.sum, Weight(newer));
      in_checkpoint = true;
    }
    // Since the checkpoint was made its oldest buckets may have ceased to count, or others come to count again.
    const bool summed = in_checkpoint && bucket->first >= checkpoint_.first, counts = Counts(newer);
    if (counts != summed) sum.AddScaled(bucket->second, counts ? Weight(newer) : -Weight(newer));
    if (!counts && !summed) break;
    newer += bucket->second.n();
  }
  return sum;
}

double BucketedStatistics::n() const {
  double newer = 0;
  for (auto bucket = buckets_.rbegin(); bucket != buckets_.rend() && Counts(newer); ++bucket) {
    newer += bucket->second.n();
  }
  return newer;
}

std::vector<std::pair<int64_t, double>> BucketedStatistics::Weights() const {
  std::vector<std::pair<int64_t, double>> weights;
  double newer = 0;
  for (auto bucket = buckets_.rbegin(); bucket != buckets_.rend() && Counts(newer); ++bucket) {
    weights.emplace_back(bucket->first, Weight(newer));
    newer += bucket->second.n();
  }
  return weights;
}

void BucketedStatistics::AppendTo(std::string& bytes) const {
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(dimensions_));
  AppendValue(bytes, half_life_);
  AppendValue(bytes, forgotten_);
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(buckets_.size()));
  for (const auto& [index, statistics] : buckets_) {
    AppendValue(bytes, index);
    statistics.AppendTo(bytes);
  }
}

absl::StatusOr<BucketedStatistics> BucketedStatistics::Read(std::string_view& bytes) {
  const auto malformed = [] { return absl::InvalidArgumentError("bucketed statistics: malformed bytes"); };
  const auto dimensions = ReadValue<uint32_t>(bytes);
  const auto half_life = ReadValue<double>(bytes);
  const auto forgotten = ReadValue<int64_t>(bytes);
  const auto count = ReadValue<uint32_t>(bytes);
  if (!dimensions || !half_life || !forgotten || !count) return malformed();
  if (*dimensions > static_cast<uint32_t>(std::numeric_limits<int>::max())) return malformed();
  if (!std::isfinite(*half_life) || *half_life < 0) return malformed();
  BucketedStatistics result(static_cast<int>(*dimensions), *half_life);
  result.forgotten_ = *forgotten;
  int64_t last = *forgotten;
  for (uint32_t i = 0; i < *count; ++i) {
    const auto index = ReadValue<int64_t>(bytes);
    if (!index || *index <= last) return malformed();
    SUFFICE_ASSIGN_OR_RETURN(RidgeStatistics statistics, RidgeStatistics::Read(bytes));
    if (statistics.dimensions() != result.dimensions_) return malformed();
    result.kept_n_ += statistics.n();
    result.buckets_.emplace_hint(result.buckets_.end(), *index, std::move(statistics));
    last = *index;
  }
  result.MakeCheckpoint();
  return result;
}

}  // namespace suffice
