// Predictions for rows by models that have not seen them.
// Thread contract: confined to one thread.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "log/records.h"
#include "stats/ridge.h"

namespace suffice {

inline constexpr int kFolds = 5;

// The fold of a row: a hash of its decision's id, the same for everybody.
int FoldOf(const DecisionId& id);

// A ridge regression of one measure for each tier and fold, of every row but the fold's. Sums are kept by fold, so that
// "all but one" is a subtraction.
class CrossFit {
 public:
  CrossFit(int dimensions, size_t tiers);
  // `fold` -1: not a row that is predicted for; it teaches every fold.
  void Add(size_t tier, int fold, std::span<const float> x, double weight, double y);
  // `precision`: of each feature, in observations. A tier without observations is predicted by the mean of the others'.
  void Fit(double precision);
  // By the model without `fold`; -1: by one of everything. REQUIRES: Fit.
  double Predict(size_t tier, int fold, std::span<const float> x) const;

 private:
  struct OfTier {
    RidgeStatistics all;
    std::vector<RidgeStatistics> folds;
    std::vector<Eigen::VectorXd> theta;  // by fold, then of everything
  };
  RidgeStatistics Without(size_t tier, int fold) const;  // kFolds: of everything
  double MeanOfOthers(size_t tier, int fold) const;
  std::vector<OfTier> tiers_;
};

}  // namespace suffice
