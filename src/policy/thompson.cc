#include "policy/thompson.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "policy/policy.h"
#include "stats/normal.h"

namespace suffice {
namespace {

constexpr double kReach = 6;         // deviations beyond which a Gaussian is taken to have ended: 1e-9 of its mass
constexpr double kPanelWidth = 2;    // deviations
constexpr double kPointLike = 1e-9;  // deviations this much smaller than the largest number at hand are points

struct Node {
  double x;  // in [-1, 1]
  double weight;
};
// Gauss-Legendre, 8 nodes.
constexpr std::array<Node, 8> kNodes = {{{-0.9602898564975363, 0.1012285362903763},
                                         {-0.7966664774136267, 0.2223810344533745},
                                         {-0.5255324099163290, 0.3137066458778873},
                                         {-0.1834346424956498, 0.3626837833783620},
                                         {0.1834346424956498, 0.3626837833783620},
                                         {0.5255324099163290, 0.3137066458778873},
                                         {0.7966664774136267, 0.2223810344533745},
                                         {0.9602898564975363, 0.1012285362903763}}};

struct Spread {
  double mean, deviation, inverse, low, high;  // low and high: where it begins and ends
  int index;
};

// The draws that have a spread, and the largest of those that have none.
struct Split {
  std::array<Spread, kMaxCandidates> spreads;
  int count = 0;
  double threshold = 0;
  double point = -std::numeric_limits<double>::infinity();
};

Split SplitDraws(std::span<const GaussianDraw> draws) {
  Split split;
  double largest = 0;
  for (const GaussianDraw& draw : draws) largest = std::max({largest, std::abs(draw.mean), draw.deviation});
  split.threshold = kPointLike * largest;
  for (size_t i = 0; i < draws.size(); ++i) {
    const auto [mean, deviation] = draws[i];
    if (deviation <= split.threshold) {
      split.point = std::max(split.point, mean);
    } else {
      const double reach = kReach * deviation;
      split.spreads[split.count++] = {mean, deviation, 1 / deviation, mean - reach, mean + reach, static_cast<int>(i)};
    }
  }
  return split;
}

// Adds the integral over [low, high] to the probability of each of `active`; every other draw is surely below `low`.
void AddPanel(std::span<const Spread* const> active, double low, double high, std::span<double> probabilities) {
  const NormalTable& normal = NormalTable::Get();
  const double centre = 0.5 * (low + high), half = 0.5 * (high - low);
  std::array<NormalTable::Value, kMaxCandidates> at;
  std::array<double, kMaxCandidates + 1> product_after;
  const int count = static_cast<int>(active.size());
  product_after[count] = 1;
  for (const Node& node : kNodes) {
    const double t = centre + half * node.x;
    for (int i = count - 1; i >= 0; --i) {
      at[i] = normal.At((t - active[i]->mean) * active[i]->inverse);
      product_after[i] = product_after[i + 1] * at[i].cdf;
    }
    double product_before = half * node.weight;
    for (int i = 0; i < count; ++i) {
      probabilities[active[i]->index] += at[i].density * active[i]->inverse * product_before * product_after[i + 1];
      product_before *= at[i].cdf;
    }
  }
}

// Integrates from `low`, where every spread has begun and under which the largest draw cannot lie, to where the last
// one ends.
void Integrate(std::span<const Spread> spreads, double low, std::span<double> probabilities) {
  std::array<const Spread*, kMaxCandidates> active;
  for (double t = low;;) {
    size_t count = 0;
    double width = std::numeric_limits<double>::infinity();
    for (const Spread& spread : spreads) {
      if (!(spread.high > t)) continue;
      active[count++] = &spread;
      width = std::min(width, kPanelWidth * spread.deviation);
    }
    if (count == 0) return;
    AddPanel({active.data(), count}, t, t + width, probabilities);
    t += width;
  }
}

}  // namespace

void ProbabilityOfLargest(std::span<const GaussianDraw> draws, std::span<double> probabilities) {
  assert(!draws.empty() && draws.size() <= kMaxCandidates && draws.size() == probabilities.size());
  std::fill(probabilities.begin(), probabilities.end(), 0.0);
  const Split split = SplitDraws(draws);
  const std::span<const Spread> spreads(split.spreads.data(), static_cast<size_t>(split.count));

  double low = split.point, point_wins = 1;
  for (const Spread& spread : spreads) low = std::max(low, spread.low);
  if (std::isfinite(split.point)) {
    for (const Spread& spread : spreads) point_wins *= NormalCdf((split.point - spread.mean) * spread.inverse);
    int tied = 0;
    for (const GaussianDraw& draw : draws) tied += draw.deviation <= split.threshold && draw.mean == split.point;
    for (size_t i = 0; i < draws.size(); ++i) {
      if (draws[i].deviation <= split.threshold && draws[i].mean == split.point) probabilities[i] = point_wins / tied;
    }
  }
  Integrate(spreads, low, probabilities);

  double sum = 0;
  for (double p : probabilities) sum += p;
  assert(std::abs(sum - 1) < 1e-5);
  for (double& p : probabilities) p /= sum;
}

}  // namespace suffice
