// What predictions compute from x, laid out so that it takes little time: means of several models at once, and leverage.
// Results do not depend on which vectors the machine has.
// Thread contract: immutable.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace suffice {

// theta_k^T x of up to four models, each added up in the order of x.
class StackedCoefficients {
 public:
  static constexpr size_t kModels = 4;
  StackedCoefficients() = default;  // of no model
  // Models may use different numbers of leading dimensions of x.
  explicit StackedCoefficients(std::span<const Eigen::VectorXd* const> thetas);
  // REQUIRES: x is as long as the longest theta.
  std::array<double, kModels> At(std::span<const float> x) const;

 private:
  std::vector<std::array<double, kModels>> by_dimension_;
};

// |W x|^2 of a lower-triangular W: x^T A^-1 x, where W^T W = A^-1.
class LeverageForm {
 public:
  LeverageForm() = default;  // 0
  explicit LeverageForm(const Eigen::MatrixXf& lower);
  // REQUIRES: x is as long as W is wide.
  double At(std::span<const float> x) const;

 private:
  static constexpr size_t kRows = 16;  // of a panel

  size_t dimensions_ = 0;
  // Panels of kRows rows of W, each by columns up to its diagonal; rows after the last are zeros.
  std::vector<std::array<float, kRows>> panels_;
};

}  // namespace suffice
