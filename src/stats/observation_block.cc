#include "stats/observation_block.h"

#include <algorithm>
#include <cassert>

namespace suffice {
namespace {

constexpr Eigen::Index kFirstCapacity = 16;

}  // namespace

ObservationBlock::ObservationBlock(int dimensions, int targets)
    : x_(dimensions, kFirstCapacity), y_(kFirstCapacity, targets) {
  assert(dimensions > 0 && targets > 0);
}

void ObservationBlock::Add(std::span<const float> x, std::span<const double> y) {
  assert(std::ssize(x) == x_.rows() && std::ssize(y) == y_.cols());
  if (size_ == x_.cols()) {
    x_.conservativeResize(Eigen::NoChange, 2 * x_.cols());
    y_.conservativeResize(2 * y_.rows(), Eigen::NoChange);
  }
  std::copy(x.begin(), x.end(), x_.col(size_).data());
  for (size_t target = 0; target < y.size(); ++target) y_(size_, static_cast<Eigen::Index>(target)) = y[target];
  ++size_;
}

RidgeStatistics ObservationBlock::Inputs() const {
  const Eigen::MatrixXd x = x_.leftCols(size_).cast<double>();
  Eigen::MatrixXd s = Eigen::MatrixXd::Zero(x.rows(), x.rows());
  s.selfadjointView<Eigen::Lower>().rankUpdate(x);
  return RidgeStatistics::FromInputs(s, size_);
}

void ObservationBlock::SetTarget(int target, RidgeStatistics& inputs) const {
  const auto y = y_.col(target).head(size_);
  inputs.SetTarget(x_.leftCols(size_).cast<double>() * y, y.squaredNorm(), y.sum());
}

}  // namespace suffice
