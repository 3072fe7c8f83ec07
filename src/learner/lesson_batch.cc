#include "learner/lesson_batch.h"

#include <functional>
#include <vector>

namespace suffice {
namespace {

// What a lesson teaches, in the order of an observation's targets.
constexpr int kReward = 1, kTokens = 2, kLatency = 4;
// Fewer are added one by one: the product of matrices has a price of its own.
constexpr int kFewest = 4;

// One of a tier's sums.
struct Target {
  std::function<void(std::span<const float> x, double y)> add;
  std::function<void(const RidgeStatistics&)> add_sums;
};

Target TargetOf(BucketedStatistics& sums, int64_t bucket) {
  return {[&sums, bucket](std::span<const float> x, double y) { sums.Add(bucket, x, 1, y); },
          [&sums, bucket](const RidgeStatistics& added) { sums.AddSums(bucket, added); }};
}

Target TargetOf(EpochStatistics& sums, int64_t epoch, int64_t bucket) {
  return {[=, &sums](std::span<const float> x, double y) { sums.Add(epoch, bucket, x, 1, y); },
          [=, &sums](const RidgeStatistics& added) { sums.AddSums(epoch, bucket, added); }};
}

}  // namespace

void LessonBatch::Add(std::string_view name, TierStatistics& tier, int64_t epoch, int64_t bucket,
                      std::span<const float> x, const Lesson& lesson) {
  double y[3];
  size_t targets = 0;
  Key key{.tier = name, .epoch = lesson.reward ? epoch : 0, .bucket = bucket};
  const auto take = [&](const std::optional<double>& value, int kind) {
    if (!value) return;
    y[targets++] = *value;
    key.taught |= kind;
  };
  take(lesson.reward, kReward);
  take(lesson.log_tokens, kTokens);
  take(lesson.log_latency, kLatency);
  if (targets == 0) return;
  auto block = blocks_.find(key);
  if (block == blocks_.end()) {
    const ObservationBlock none(static_cast<int>(x.size()), static_cast<int>(targets));
    block = blocks_.emplace(key, Block{&tier, none}).first;
  }
  block->second.observations.Add(x, {y, targets});
}

void LessonBatch::AddToTier(const Key& key, const Block& block) {
  std::vector<Target> targets;
  if (key.taught & kReward) targets.push_back(TargetOf(block.tier->quality, key.epoch, key.bucket));
  if (key.taught & kTokens) targets.push_back(TargetOf(block.tier->output_tokens, key.bucket));
  if (key.taught & kLatency) targets.push_back(TargetOf(block.tier->latency, key.bucket));
  const ObservationBlock& observations = block.observations;
  const bool one_by_one = observations.size() < kFewest;
  RidgeStatistics sums = one_by_one ? RidgeStatistics() : observations.Inputs();
  for (int t = 0; t < std::ssize(targets); ++t) {
    if (one_by_one) {
      for (int i = 0; i < observations.size(); ++i) targets[t].add(observations.x(i), observations.y(i, t));
    } else {
      observations.SetTarget(t, sums);
      targets[t].add_sums(sums);
    }
  }
}

void LessonBatch::Flush() {
  for (const auto& [key, block] : blocks_) AddToTier(key, block);
  blocks_.clear();
}

}  // namespace suffice
