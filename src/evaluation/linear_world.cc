#include "evaluation/linear_world.h"

#include <algorithm>
#include <cmath>

#include "evaluation/random_stream.h"

namespace suffice {
namespace {

// First parts of the keys of the streams.
enum Stream : uint64_t { kTheta, kContext, kNoise };

std::vector<double> RandomDirection(size_t dimensions, double length, RandomStream random) {
  std::vector<double> direction(dimensions);
  double squares = 0;
  for (double& x : direction) {
    x = random.Normal();
    squares += x * x;
  }
  for (double& x : direction) x *= length / std::sqrt(squares);
  return direction;
}

double NoiseHalfWidth(double sd) { return std::sqrt(3.0) * sd; }

}  // namespace

LinearWorld::LinearWorld(const LinearWorldOptions& options) : options_(options) {
  const double longest = (0.5 - NoiseHalfWidth(options.noise_sd)) / std::sqrt(static_cast<double>(options.dimensions));
  for (size_t tier = 0; tier < options.tiers; ++tier) {
    thetas_.push_back(RandomDirection(options.dimensions, longest, RandomStream(options.seed, {kTheta, tier})));
  }
}

std::vector<float> LinearWorld::Context(uint64_t i) const {
  const double radius = std::sqrt(static_cast<double>(options_.dimensions));
  const auto direction = RandomDirection(options_.dimensions, radius, RandomStream(options_.seed, {kContext, i}));
  return {direction.begin(), direction.end()};
}

double LinearWorld::MeanReward(size_t tier, const std::vector<float>& context) const {
  double mean = 0.5;
  for (size_t j = 0; j < context.size(); ++j) mean += thetas_[tier][j] * static_cast<double>(context[j]);
  return mean;
}

double LinearWorld::BestMeanReward(const std::vector<float>& context) const {
  double best = MeanReward(0, context);
  for (size_t tier = 1; tier < tiers(); ++tier) best = std::max(best, MeanReward(tier, context));
  return best;
}

double LinearWorld::Reward(uint64_t i, size_t tier) const {
  const double noise = 2 * RandomStream(options_.seed, {kNoise, i, tier}).Uniform() - 1;
  // The clamp only undoes rounding.
  return std::clamp(MeanReward(tier, Context(i)) + noise * NoiseHalfWidth(options_.noise_sd), 0.0, 1.0);
}

double GrowthExponent(const std::vector<std::pair<double, double>>& regret_at) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& [time, regret] : regret_at) {
    if (!(time > 0 && regret > 0)) continue;
    const double u = std::log(time), v = std::log(regret);
    n += 1;
    x += u;
    y += v;
    xx += u * u;
    xy += u * v;
  }
  const double spread = n * xx - x * x;
  return n < 2 || spread <= 0 ? 0 : (n * xy - x * y) / spread;
}

}  // namespace suffice
