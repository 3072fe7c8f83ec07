// Observations of weight 1 that are added to statistics together: S = X X^T is one product of matrices, several times as
// fast as adding x x^T one after another, and serves several y of the same x at once.
// Thread contract: a value type.
#pragma once

#include <Eigen/Core>
#include <span>

#include "stats/ridge.h"

namespace suffice {

class ObservationBlock {
 public:
  // REQUIRES: dimensions > 0, targets > 0.
  ObservationBlock(int dimensions, int targets);

  // REQUIRES: x.size() == dimensions, y.size() == targets.
  void Add(std::span<const float> x, std::span<const double> y);
  int size() const { return size_; }
  std::span<const float> x(int i) const { return {x_.col(i).data(), static_cast<size_t>(x_.rows())}; }
  double y(int i, int target) const { return y_(i, target); }
  void Clear() { size_ = 0; }

  // S and n of all, the same for every target; b, yy and the sum of y are 0.
  RidgeStatistics Inputs() const;
  // Puts the b, yy and sum of y of a target in the place of those of `inputs`.
  void SetTarget(int target, RidgeStatistics& inputs) const;

 private:
  int size_ = 0;
  Eigen::MatrixXf x_;  // dimensions x capacity
  Eigen::MatrixXd y_;  // capacity x targets
};

}  // namespace suffice
