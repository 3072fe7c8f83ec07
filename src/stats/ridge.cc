#include "stats/ridge.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "stats/bytes.h"

namespace suffice {
namespace {

constexpr uint32_t kMaxDimensions = 1 << 12;  // of statistics that are read; guards against damaged bytes

Eigen::Index PackedSize(Eigen::Index d) { return d * (d + 1) / 2; }

void AppendVector(std::string& bytes, const Eigen::VectorXd& v) {
  bytes.append(reinterpret_cast<const char*>(v.data()), static_cast<size_t>(v.size()) * sizeof(double));
}

bool ReadVector(std::string_view& bytes, Eigen::VectorXd& v) {
  for (double& value : v) {
    const auto read = ReadValue<double>(bytes);
    if (!read || !std::isfinite(*read)) return false;
    value = *read;
  }
  return true;
}

// W = L^-1, so that (L L^T)^-1 = W^T W. By forward substitution that skips the zeros above each column's diagonal.
Eigen::MatrixXf InvertLower(const Eigen::MatrixXd& l) {
  const Eigen::Index d = l.rows();
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Zero(d, d);
  for (Eigen::Index j = 0; j < d; ++j) {
    auto column = inverse.col(j);
    column[j] = 1;
    for (Eigen::Index k = j; k < d; ++k) {
      column[k] /= l(k, k);
      column.tail(d - k - 1) -= column[k] * l.col(k).tail(d - k - 1);
    }
  }
  return inverse.cast<float>();
}

}  // namespace

RidgeStatistics::RidgeStatistics(int dimensions)
    : packed_(Eigen::VectorXd::Zero(PackedSize(dimensions))), b_(Eigen::VectorXd::Zero(dimensions)) {}

void RidgeStatistics::Add(std::span<const float> x, double weight, double y) {
  assert(static_cast<int>(x.size()) == dimensions());
  thread_local Eigen::VectorXd wide;
  wide = Eigen::Map<const Eigen::VectorXf>(x.data(), static_cast<Eigen::Index>(x.size())).cast<double>();
  const Eigen::Index d = wide.size();
  Eigen::Index column = 0;
  for (Eigen::Index j = 0; j < d; ++j) {
    packed_.segment(column, d - j) += (weight * wide[j]) * wide.tail(d - j);
    column += d - j;
  }
  b_ += (weight * y) * wide;
  n_ += weight;
  yy_ += weight * y * y;
  y_sum_ += weight * y;
}

void RidgeStatistics::AddScaled(const RidgeStatistics& other, double scale) {
  assert(other.dimensions() == dimensions());
  packed_ += scale * other.packed_;
  b_ += scale * other.b_;
  n_ += scale * other.n_;
  yy_ += scale * other.yy_;
  y_sum_ += scale * other.y_sum_;
}

void RidgeStatistics::ChangeAnswers(const Eigen::VectorXd& b, double yy) {
  assert(b.size() == b_.size());
  b_ += b;
  yy_ += yy;
  if (b.size() > 0) y_sum_ += b[0];
}

RidgeStatistics RidgeStatistics::FromLinearModel(const RidgeStatistics& gram, double weight,
                                                 const Eigen::VectorXd& theta) {
  RidgeStatistics result(gram.dimensions());
  result.packed_ = weight * gram.packed_;
  result.b_ = weight * (gram.S() * theta);
  result.yy_ = theta.dot(result.b_);
  result.y_sum_ = result.b_[0];
  return result;
}

RidgeStatistics RidgeStatistics::FromInputs(const Eigen::MatrixXd& s, double n) {
  RidgeStatistics result(static_cast<int>(s.rows()));
  Eigen::Index column = 0;
  for (Eigen::Index j = 0, d = s.rows(); j < d; ++j) {
    result.packed_.segment(column, d - j) = s.col(j).tail(d - j);
    column += d - j;
  }
  result.n_ = n;
  return result;
}

void RidgeStatistics::SetTarget(Eigen::VectorXd b, double yy, double y_sum) {
  assert(b.size() == b_.size());
  b_ = std::move(b);
  yy_ = yy;
  y_sum_ = y_sum;
}

Eigen::MatrixXd RidgeStatistics::S(int d) const {
  assert(0 <= d && d <= dimensions());
  Eigen::MatrixXd full(d, d);
  Eigen::Index column = 0;
  for (Eigen::Index j = 0; j < d; ++j) {
    full.col(j).tail(d - j) = packed_.segment(column, d - j);
    full.row(j).tail(d - j) = packed_.segment(column, d - j).transpose();
    column += dimensions() - j;
  }
  return full;
}

void RidgeStatistics::AppendTo(std::string& bytes) const {
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(dimensions()));
  for (double value : {n_, yy_, y_sum_}) AppendValue(bytes, value);
  AppendVector(bytes, b_);
  AppendVector(bytes, packed_);
}

absl::StatusOr<RidgeStatistics> RidgeStatistics::Read(std::string_view& bytes) {
  const auto malformed = [] { return absl::InvalidArgumentError("ridge statistics: malformed bytes"); };
  const auto dimensions = ReadValue<uint32_t>(bytes);
  if (!dimensions || *dimensions > kMaxDimensions) return malformed();
  const auto doubles = static_cast<size_t>(3 + *dimensions + PackedSize(*dimensions));
  if (bytes.size() < doubles * sizeof(double)) return malformed();
  RidgeStatistics result(static_cast<int>(*dimensions));
  Eigen::VectorXd scalars(3);
  const bool whole = ReadVector(bytes, scalars) && ReadVector(bytes, result.b_) && ReadVector(bytes, result.packed_);
  if (!whole) return malformed();
  result.n_ = scalars[0];
  result.yy_ = scalars[1];
  result.y_sum_ = scalars[2];
  return result;
}

RidgeSolution SolveRidge(const RidgeStatistics& statistics, int d, const RidgePrior& prior) {
  assert(1 <= d && d <= statistics.dimensions());
  const double bias_precision = prior.bias_precision + prior.weight;
  const Eigen::MatrixXd s = statistics.S(d);
  Eigen::MatrixXd a = s;
  a.diagonal().tail(d - 1).array() += prior.precision;
  a(0, 0) += bias_precision;
  Eigen::VectorXd target = statistics.b().head(d);
  target[0] += bias_precision * prior.mean;

  const Eigen::LLT<Eigen::MatrixXd> llt(a);
  assert(llt.info() == Eigen::Success);
  RidgeSolution solution;
  solution.theta = llt.solve(target);
  solution.inverse_factor = InvertLower(llt.matrixLLT());
  solution.n = std::max(0.0, statistics.n());
  const Eigen::VectorXd& theta = solution.theta;
  // Rounding can leave a perfect fit a little below zero.
  const double rss = std::max(0.0, statistics.yy() - 2 * theta.dot(statistics.b().head(d)) + theta.dot(s * theta));
  const double weight = prior.variance_weight + solution.n;
  solution.residual_variance = weight > 0 ? (prior.variance_weight * prior.variance + rss) / weight : prior.variance;
  return solution;
}

}  // namespace suffice
