#include "nightly/strata.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/row_policy.h"

namespace suffice {
namespace {

// Whole parts of the shares, then the largest remainders; ties go to the earlier stratum.
void SplitRest(const std::vector<StratumSize>& strata, int64_t rest, std::vector<int64_t>& counts) {
  while (rest > 0) {
    double mass = 0;
    for (size_t h = 0; h < strata.size(); ++h) {
      if (counts[h] < strata[h].size) mass += strata[h].weight * static_cast<double>(strata[h].size);
    }
    if (mass <= 0) return;
    std::vector<std::pair<double, size_t>> remainders;
    const int64_t to_share = rest;
    for (size_t h = 0; h < strata.size(); ++h) {
      const int64_t room = strata[h].size - counts[h];
      if (room <= 0) continue;
      const double share =
          static_cast<double>(to_share) * strata[h].weight * static_cast<double>(strata[h].size) / mass;
      const int64_t whole = std::min(room, static_cast<int64_t>(share));
      counts[h] += whole;
      rest -= whole;
      if (whole < room) remainders.emplace_back(-(share - std::floor(share)), h);
    }
    if (rest >= to_share || rest < std::ssize(remainders)) {
      std::sort(remainders.begin(), remainders.end());
      for (size_t i = 0; i < remainders.size() && rest > 0; ++i, --rest) ++counts[remainders[i].second];
    }
  }
}

}  // namespace

std::vector<int64_t> AllocateSample(const std::vector<StratumSize>& strata, int64_t total) {
  std::vector<int64_t> counts(strata.size(), 0);
  int64_t all = 0;
  for (const StratumSize& stratum : strata) all += stratum.size;
  total = std::min(total, all);
  for (size_t h = 0; h < strata.size(); ++h) counts[h] = std::min<int64_t>(1, strata[h].size);
  SplitRest(strata, total - std::accumulate(counts.begin(), counts.end(), int64_t{0}), counts);
  return counts;
}

double CertaintyOf(const DecisionRecord& decision) {
  const TierView *best = nullptr, *second = nullptr;
  for (const TierView& view : decision.tiers) {
    if (view.exclusion != ExclusionReason::kNone) continue;
    if (best == nullptr || view.score > best->score) {
      second = std::exchange(best, &view);
    } else if (second == nullptr || view.score > second->score) {
      second = &view;
    }
  }
  if (second == nullptr) return std::numeric_limits<double>::infinity();
  const double weight = RowWeights(decision.multipliers).weights.quality;
  const double sigma = weight * std::hypot(best->quality_sigma, second->quality_sigma);
  const double gap = best->score - second->score;
  if (!(gap > 0)) return 0;
  return sigma > 0 ? gap / sigma : std::numeric_limits<double>::infinity();
}

int CertaintyBin(double certainty) {
  constexpr double kLeastOctave = -8;
  if (!(certainty > 0)) return 0;
  if (std::isinf(certainty)) return kCertaintyBins - 1;
  const double bin = 4 * (std::log2(certainty) - kLeastOctave);
  return static_cast<int>(std::clamp(bin, 0.0, static_cast<double>(kCertaintyBins - 1)));
}

}  // namespace suffice
