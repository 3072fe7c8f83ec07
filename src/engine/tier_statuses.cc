#include "engine/tier_statuses.h"

#include <algorithm>

namespace suffice {

double RecentTiers::ShareOf(std::string_view tier) const {
  const uint64_t known = std::min(next_.load(std::memory_order_relaxed), kRemembered);
  if (known == 0) return 0;
  const uint64_t wanted = Hash64(tier);
  const auto chosen = std::count_if(hashes_.begin(), hashes_.begin() + static_cast<std::ptrdiff_t>(known),
                                    [&](const auto& hash) { return hash.load(std::memory_order_relaxed) == wanted; });
  return static_cast<double>(chosen) / static_cast<double>(known);
}

std::vector<TierStatus> TierStatuses(const Snapshot& snapshot, const RecentTiers& recent) {
  std::vector<TierStatus> statuses;
  for (size_t i = 0; i < snapshot.config->tiers.size(); ++i) {
    const std::string& tier = snapshot.config->tiers[i].name;
    const TierDriftView& drift = snapshot.drift[i];
    statuses.push_back({.tier = tier,
                        .share = recent.ShareOf(tier),
                        .observations = snapshot.models[i].quality().n,
                        .cost_ratio = drift.cost_ratio,
                        .drift_alarms = drift.alarms,
                        .last_alarm_us = drift.last_alarm_us});
  }
  return statuses;
}

}  // namespace suffice
