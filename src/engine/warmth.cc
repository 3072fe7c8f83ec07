#include "engine/warmth.h"

#include <limits>

namespace suffice {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

void RaiseTo(std::atomic<int64_t>& last_us, int64_t time_us) {
  int64_t known = last_us.load(std::memory_order_relaxed);
  while (known < time_us && !last_us.compare_exchange_weak(known, time_us, std::memory_order_relaxed)) {
  }
}

}  // namespace

void Warmth::Use(const std::string& tier, int64_t time_us) {
  {
    absl::ReaderMutexLock lock(&mutex_);
    if (const auto known = last_us_.find(tier); known != last_us_.end()) return RaiseTo(*known->second, time_us);
  }
  absl::MutexLock lock(&mutex_);
  auto& slot = last_us_[tier];
  if (slot == nullptr) slot = std::make_unique<std::atomic<int64_t>>(kNever);
  RaiseTo(*slot, time_us);
}

int64_t Warmth::LastUse(const std::string& tier) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto known = last_us_.find(tier);
  return known == last_us_.end() ? kNever : known->second->load(std::memory_order_relaxed);
}

std::vector<bool> Warmth::ColdAt(const Config& config, int64_t now_us) const {
  std::vector<bool> cold;
  for (size_t i = 0; i < config.tiers.size(); ++i) {
    const Tier& tier = config.tiers[i];
    if (tier.keep_warm_s <= 0) continue;
    const int64_t last_us = LastUse(tier.name);
    if (last_us != kNever && static_cast<double>(now_us - last_us) <= tier.keep_warm_s * 1e6) continue;
    cold.resize(config.tiers.size());
    cold[i] = true;
  }
  return cold;
}

}  // namespace suffice
