#include "off_policy/cross_fit.h"

#include <cassert>

#include "base/hash.h"

namespace suffice {
namespace {

constexpr uint64_t kFoldSalt = 0xf01d5;

}  // namespace

int FoldOf(const DecisionId& id) { return static_cast<int>(Hash64(id.Raw(), kFoldSalt) % kFolds); }

CrossFit::CrossFit(int dimensions, size_t tiers)
    : tiers_(tiers, {.all = RidgeStatistics(dimensions),
                     .folds = std::vector<RidgeStatistics>(kFolds, RidgeStatistics(dimensions)),
                     .theta = std::vector<Eigen::VectorXd>(kFolds + 1)}) {}

void CrossFit::Add(size_t tier, int fold, std::span<const float> x, double weight, double y) {
  OfTier& sums = tiers_[tier];
  (fold < 0 ? sums.all : sums.folds[static_cast<size_t>(fold)]).Add(x, weight, y);
}

RidgeStatistics CrossFit::Without(size_t tier, int fold) const {
  RidgeStatistics sums = tiers_[tier].all;
  if (fold < kFolds) sums.AddScaled(tiers_[tier].folds[static_cast<size_t>(fold)], -1);
  return sums;
}

double CrossFit::MeanOfOthers(size_t tier, int fold) const {
  double sum = 0;
  int known = 0;
  for (size_t other = 0; other < tiers_.size(); ++other) {
    const auto& [all, folds, theta] = tiers_[other];
    const bool whole = fold == kFolds;
    const double n = all.n() - (whole ? 0 : folds[static_cast<size_t>(fold)].n());
    if (other == tier || n < 0.5) continue;
    sum += (all.y_sum() - (whole ? 0 : folds[static_cast<size_t>(fold)].y_sum())) / n;
    ++known;
  }
  return known > 0 ? sum / known : 0;
}

void CrossFit::Fit(double precision) {
  for (OfTier& tier : tiers_) {
    for (const RidgeStatistics& fold : tier.folds) tier.all.AddScaled(fold, 1);
  }
  for (size_t a = 0; a < tiers_.size(); ++a) {
    for (int k = 0; k <= kFolds; ++k) {
      const RidgeStatistics sums = Without(a, k);
      // What little the bias is shrunk by matters only where there is nothing else to go by.
      const RidgePrior prior{.precision = precision, .mean = sums.n() < 0.5 ? MeanOfOthers(a, k) : 0};
      tiers_[a].theta[static_cast<size_t>(k)] = SolveRidge(sums, sums.dimensions(), prior).theta;
    }
  }
}

double CrossFit::Predict(size_t tier, int fold, std::span<const float> x) const {
  const Eigen::VectorXd& theta = tiers_[tier].theta[fold < 0 ? kFolds : static_cast<size_t>(fold)];
  assert(theta.size() == static_cast<Eigen::Index>(x.size()));
  double y = 0;
  for (Eigen::Index i = 0; i < theta.size(); ++i) y += theta[i] * static_cast<double>(x[static_cast<size_t>(i)]);
  return y;
}

}  // namespace suffice
