#include "evaluation/propensity_check.h"

#include <Eigen/Dense>
#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numeric>

namespace suffice {
namespace {

constexpr double kLeastVariance = 5;

// P(chi-squared with `degrees` >= x), the regularised upper incomplete gamma function.
double ChiSquaredTail(int degrees, double x) {
  namespace policies = boost::math::policies;
  using Policy = policies::policy<policies::domain_error<policies::ignore_error>,
                                  policies::overflow_error<policies::ignore_error>>;
  return boost::math::gamma_q(degrees / 2.0, std::max(x, 0.0) / 2, Policy());
}

// The cell of each tier, so that every cell varies enough; see Evaluate.
std::vector<int> AssignCells(const Eigen::MatrixXd& covariance) {
  const auto tiers = covariance.rows();
  std::vector<int> cells(static_cast<size_t>(tiers), -1);
  Eigen::VectorXd in_rest = Eigen::VectorXd::Zero(tiers);
  int next = 0;
  for (Eigen::Index k = 0; k < tiers; ++k) {
    if (covariance(k, k) < kLeastVariance) {
      in_rest[k] = 1;
    } else {
      cells[static_cast<size_t>(k)] = next++;
    }
  }
  Eigen::Index most_varied = 0;
  covariance.diagonal().maxCoeff(&most_varied);
  const bool own_cell = next == 0 || in_rest.dot(covariance * in_rest) >= kLeastVariance;
  const int rest = own_cell ? next : cells[static_cast<size_t>(most_varied)];
  std::replace(cells.begin(), cells.end(), -1, rest);
  return cells;
}

}  // namespace

PropensityCheck::PropensityCheck(size_t tiers)
    : tiers_(tiers), difference_(tiers, 0.0), covariance_(tiers * tiers, 0.0), likelihood_covariance_(tiers, 0.0) {}

void PropensityCheck::Add(const std::vector<double>& propensities, size_t chosen) {
  ++decisions_;
  if (!(propensities[chosen] > 0)) impossible_ = true;
  const double sum = std::accumulate(propensities.begin(), propensities.end(), 0.0);
  largest_sum_error_ = std::max(largest_sum_error_, std::abs(sum - 1));
  double squares = 0, cubes = 0;
  for (const double p : propensities) {
    squares += p * p;
    cubes += p * p * p;
  }
  difference_[chosen] += 1;
  likelihood_ += propensities[chosen] - squares;
  likelihood_variance_ += cubes - squares * squares;
  for (size_t i = 0; i < tiers_; ++i) {
    const double p = propensities[i];
    difference_[i] -= p;
    covariance_[i * tiers_ + i] += p;
    for (size_t j = 0; j < tiers_; ++j) covariance_[i * tiers_ + j] -= p * propensities[j];
    likelihood_covariance_[i] += p * (p - squares);
  }
}

void PropensityCheck::Merge(const PropensityCheck& other) {
  decisions_ += other.decisions_;
  impossible_ = impossible_ || other.impossible_;
  largest_sum_error_ = std::max(largest_sum_error_, other.largest_sum_error_);
  for (size_t i = 0; i < difference_.size(); ++i) difference_[i] += other.difference_[i];
  for (size_t i = 0; i < covariance_.size(); ++i) covariance_[i] += other.covariance_[i];
  likelihood_ += other.likelihood_;
  likelihood_variance_ += other.likelihood_variance_;
  for (size_t i = 0; i < tiers_; ++i) likelihood_covariance_[i] += other.likelihood_covariance_[i];
}

PropensityCheck::Result PropensityCheck::Evaluate() const {
  Result result;
  result.decisions = decisions_;
  result.largest_sum_error = largest_sum_error_;
  const auto size = static_cast<Eigen::Index>(tiers_);
  const Eigen::MatrixXd covariance = Eigen::Map<const Eigen::MatrixXd>(covariance_.data(), size, size);
  const std::vector<int> cells = AssignCells(covariance);
  const int cell_count = 1 + *std::max_element(cells.begin(), cells.end());
  Eigen::MatrixXd pool = Eigen::MatrixXd::Zero(cell_count, size);
  for (Eigen::Index k = 0; k < size; ++k) pool(cells[static_cast<size_t>(k)], k) = 1;
  const Eigen::VectorXd d = pool * Eigen::Map<const Eigen::VectorXd>(difference_.data(), size);
  const Eigen::MatrixXd v = pool * covariance * pool.transpose();

  const Eigen::VectorXd to_likelihood = pool * Eigen::Map<const Eigen::VectorXd>(likelihood_covariance_.data(), size);

  // By blocks: first the cells, then what the cells do not explain of the added component.
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(v);
  const double least = std::max(1e-9 * eigen.eigenvalues().maxCoeff(), 1e-9);
  double residual = likelihood_, residual_variance = likelihood_variance_;
  for (Eigen::Index j = 0; j < v.rows(); ++j) {
    const double variance = eigen.eigenvalues()[j];
    if (variance <= least) continue;
    const double along = eigen.eigenvectors().col(j).dot(d);
    const double shared = eigen.eigenvectors().col(j).dot(to_likelihood);
    result.statistic += along * along / variance;
    residual -= shared * along / variance;
    residual_variance -= shared * shared / variance;
    ++result.degrees_of_freedom;
  }
  if (residual_variance >= kLeastVariance) {
    result.statistic += residual * residual / residual_variance;
    ++result.degrees_of_freedom;
  }
  if (result.degrees_of_freedom > 0) result.p_value = ChiSquaredTail(result.degrees_of_freedom, result.statistic);
  if (impossible_) result.p_value = 0;
  return result;
}

}  // namespace suffice
