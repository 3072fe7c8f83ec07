// How each tier stands, for the status.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "learner/snapshot.h"
#include "suffice/limit_status.h"

namespace suffice {

// Remembers the tiers of the newest decisions, by the hashes of their names, so that a reload of the configuration
// does not mix them up. Thread contract: thread-safe; never blocks. Readers may see a decision too many or too few.
class RecentTiers {
 public:
  void Add(std::string_view tier) {
    const uint64_t at = next_.fetch_add(1, std::memory_order_relaxed) % kRemembered;
    hashes_[at].store(Hash64(tier), std::memory_order_relaxed);
  }
  // Of the newest kRemembered decisions; 0 before the first.
  double ShareOf(std::string_view tier) const;

  static constexpr uint64_t kRemembered = 1024;

 private:
  std::atomic<uint64_t> next_{0};
  std::array<std::atomic<uint64_t>, kRemembered> hashes_{};
};

// In the order of the snapshot's configuration. Leaves `cold` and `price_version` to those who know them.
std::vector<TierStatus> TierStatuses(const Snapshot& snapshot, const RecentTiers& recent);

}  // namespace suffice
