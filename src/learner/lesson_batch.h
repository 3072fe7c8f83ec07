// Lessons of many decisions, added to the tiers' statistics together: those that fall into the same sums share one product
// of matrices.
// Thread contract: confined to one thread.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "estimates/tier_model.h"
#include "learner/lesson.h"
#include "stats/observation_block.h"

namespace suffice {

class LessonBatch {
 public:
  // `tier`, of the given name, outlives the batch. A lesson's input tokens are not for it.
  void Add(std::string_view name, TierStatistics& tier, int64_t epoch, int64_t bucket, std::span<const float> x,
           const Lesson& lesson);
  // Adds everything to the tiers' sums, and is empty then.
  void Flush();

 private:
  struct Key {
    std::string_view tier;
    int64_t epoch = 0;  // of the reward
    int64_t bucket = 0;
    int taught = 0;  // bits: reward, output tokens, latency
    auto operator<=>(const Key&) const = default;
  };
  struct Block {
    TierStatistics* tier;
    ObservationBlock observations;
  };
  static void AddToTier(const Key& key, const Block& block);

  std::map<Key, Block> blocks_;
};

}  // namespace suffice
