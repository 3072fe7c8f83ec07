#include "stats/asymptotic_sequence.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace suffice {
namespace {

// rho^2 of the tightest sequence at `n` observations.
double SquaredRho(double alpha, double n) {
  const double log_term = -2 * std::log(alpha);
  return (log_term + std::log1p(log_term)) / std::max(1.0, n);
}

// s sqrt(2 (n rho^2 + 1) / (n rho)^2 log_term).
double Distance(double n, double standard_deviation, double squared_rho, double log_term) {
  return standard_deviation * std::sqrt(2 * (n * squared_rho + 1) / (n * n * squared_rho) * log_term);
}

}  // namespace

double SequenceHalfWidth(double n, double standard_deviation, double confidence, double intended_n) {
  if (n < 1) return std::numeric_limits<double>::infinity();
  const double alpha = 1 - confidence, squared_rho = SquaredRho(alpha, intended_n);
  return Distance(n, standard_deviation, squared_rho, std::log(std::sqrt(n * squared_rho + 1) / alpha));
}

double SequenceOneSided(double n, double standard_deviation, double confidence, double intended_n) {
  if (n < 1) return std::numeric_limits<double>::infinity();
  const double alpha = 1 - confidence;
  const double squared_rho = SquaredRho(std::min(1.0, 2 * alpha), intended_n);
  return Distance(n, standard_deviation, squared_rho, std::log1p(std::sqrt(n * squared_rho + 1) / (2 * alpha)));
}

void AsymptoticSequence::Add(double x) {
  ++n_;
  const double before = x - mean_;
  mean_ += before / static_cast<double>(n_);
  squares_ += before * (x - mean_);
}

double AsymptoticSequence::HalfWidth() const {
  if (n_ < 2) return std::numeric_limits<double>::infinity();
  const auto n = static_cast<double>(n_);
  return SequenceHalfWidth(n, std::sqrt(squares_ / (n - 1)), confidence_, intended_n_);
}

}  // namespace suffice
