// A made-up world where everything that the learner assumes is true: the mean reward of every tier is linear in the
// context. The optimum is known, so regret is exact.
// Thread contract: immutable after construction; every method is a pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace suffice {

struct LinearWorldOptions {
  size_t tiers = 4;
  size_t dimensions = 16;
  double noise_sd = 0.1;  // of a reward around its mean; at most 0.25
  uint64_t seed = 1;
};

// Context i is a random point x on the sphere of radius sqrt(dimensions), so that every coordinate has mean 0 and
// variance 1. Tier a has mean reward 0.5 + theta_a . x, with theta_a in a random direction and as long as keeps mean
// and noise in [0, 1].
class LinearWorld {
 public:
  explicit LinearWorld(const LinearWorldOptions& options);

  size_t tiers() const { return thetas_.size(); }
  size_t dimensions() const { return options_.dimensions; }
  // To be given to the engine as a ready embedding. The same `i` is the same context.
  std::vector<float> Context(uint64_t i) const;
  // In [sqrt(3) noise_sd, 1 - sqrt(3) noise_sd]. REQUIRES: context.size() == dimensions().
  double MeanReward(size_t tier, const std::vector<float>& context) const;
  double BestMeanReward(const std::vector<float>& context) const;
  // What is observed: the mean plus uniform noise, in [0, 1]. The same (i, tier) is the same reward.
  double Reward(uint64_t i, size_t tier) const;

 private:
  LinearWorldOptions options_;
  std::vector<std::vector<double>> thetas_;
};

// Slope of log regret against log T by least squares: regret grows like T to this power. Points with no positive T or
// regret are left out; 0 where fewer than two are left.
double GrowthExponent(const std::vector<std::pair<double, double>>& regret_at);

}  // namespace suffice
