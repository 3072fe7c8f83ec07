// What `suffice play` tells while it runs: running means, and the latest shares.
// Thread contract: one thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace suffice {

class PlayTally {
 public:
  explicit PlayTally(std::vector<std::string> tier_names);

  // A decision for the tier with this index and what it gave; `snapshot` is the number of the learned state behind it.
  void Add(int tier, double quality, double cost_usd, int64_t snapshot);

  int64_t decisions() const { return decisions_; }
  // "1500 decisions, quality 0.8123, $0.000123/request, small 12% large 88%, snapshot 34": means from the start, shares
  // of the last kRecent. REQUIRES: decisions() > 0.
  std::string Line() const;

  static constexpr size_t kRecent = 200;

 private:
  const std::vector<std::string> tier_names_;
  std::deque<int> recent_;  // tiers of the last decisions
  std::vector<int64_t> recent_count_;
  int64_t decisions_ = 0;
  int64_t snapshot_ = 0;
  double quality_ = 0, cost_usd_ = 0;  // sums
};

}  // namespace suffice
