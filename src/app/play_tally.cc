#include "app/play_tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace suffice {

PlayTally::PlayTally(std::vector<std::string> tier_names)
    : tier_names_(std::move(tier_names)), recent_count_(tier_names_.size()) {}

void PlayTally::Add(int tier, double quality, double cost_usd, int64_t snapshot) {
  ++decisions_;
  quality_ += quality;
  cost_usd_ += cost_usd;
  snapshot_ = std::max(snapshot_, snapshot);  // answers overtake one another
  recent_.push_back(tier);
  ++recent_count_[tier];
  if (recent_.size() > kRecent) {
    --recent_count_[recent_.front()];
    recent_.pop_front();
  }
}

std::string PlayTally::Line() const {
  const auto n = static_cast<double>(decisions_);
  std::string shares;
  for (size_t k = 0; k < tier_names_.size(); ++k) {
    const double share = static_cast<double>(recent_count_[k]) / static_cast<double>(recent_.size());
    shares += fmt::format("{}{} {:.0f}%", k == 0 ? "" : " ", tier_names_[k], 100 * share);
  }
  return fmt::format("{} decisions, quality {:.4f}, ${:.6f}/request, {}, snapshot {}", decisions_, quality_ / n,
                     cost_usd_ / n, shares, snapshot_);
}

}  // namespace suffice
