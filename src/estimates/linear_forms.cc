#include "estimates/linear_forms.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace suffice {
namespace {

// GCC and Clang map them to whatever vectors the machine has.
using Doubles = double __attribute__((vector_size(16)));
using Floats = float __attribute__((vector_size(16)));

template <typename Vector, typename T>
Vector Load(const T* values) {
  Vector vector;
  std::memcpy(&vector, values, sizeof(vector));
  return vector;
}

}  // namespace

StackedCoefficients::StackedCoefficients(std::span<const Eigen::VectorXd* const> thetas) {
  assert(thetas.size() <= kModels);
  for (size_t k = 0; k < thetas.size(); ++k) {
    const Eigen::VectorXd& theta = *thetas[k];
    const auto d = static_cast<size_t>(theta.size());
    if (by_dimension_.size() < d) by_dimension_.resize(d);
    for (size_t i = 0; i < d; ++i) by_dimension_[i][k] = theta[static_cast<Eigen::Index>(i)];
  }
}

std::array<double, StackedCoefficients::kModels> StackedCoefficients::At(std::span<const float> x) const {
  assert(x.size() >= by_dimension_.size());
  Doubles first = {}, second = {};
  for (size_t i = 0; i < by_dimension_.size(); ++i) {
    const double* const thetas = by_dimension_[i].data();
    const double value = x[i];
    first += Load<Doubles>(thetas) * value;
    second += Load<Doubles>(thetas + 2) * value;
  }
  return {first[0], first[1], second[0], second[1]};
}

LeverageForm::LeverageForm(const Eigen::MatrixXf& lower) : dimensions_(static_cast<size_t>(lower.rows())) {
  for (size_t first = 0; first < dimensions_; first += kRows) {
    const size_t end = std::min(first + kRows, dimensions_);
    for (size_t j = 0; j < end; ++j) {
      std::array<float, kRows>& column = panels_.emplace_back();
      for (size_t i = first; i < end; ++i) {
        column[i - first] = lower(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
      }
    }
  }
}

// A panel's rows are added up in registers, each in the order of x. What stands above the diagonal is zero, and adds
// nothing.
double LeverageForm::At(std::span<const float> x) const {
  assert(x.size() >= dimensions_);
  constexpr size_t kLanes = sizeof(Floats) / sizeof(float), kVectors = kRows / kLanes;
  const std::array<float, kRows>* column = panels_.data();
  Floats squares[kVectors] = {};
  for (size_t first = 0; first < dimensions_; first += kRows) {
    const size_t end = std::min(first + kRows, dimensions_);
    Floats sums[kVectors] = {};
    for (size_t j = 0; j < end; ++j, ++column) {
      for (size_t k = 0; k < kVectors; ++k) sums[k] += Load<Floats>(column->data() + k * kLanes) * x[j];
    }
    for (size_t k = 0; k < kVectors; ++k) squares[k] += sums[k] * sums[k];
  }
  const Floats total = (squares[0] + squares[1]) + (squares[2] + squares[3]);
  return static_cast<double>((total[0] + total[1]) + (total[2] + total[3]));
}

}  // namespace suffice
