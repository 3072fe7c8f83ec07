// An interval for a mean that may be looked at as often as one likes, for observations without known bounds.
// Thread contract: pure functions and a value type.
#pragma once

#include <cstdint>

namespace suffice {

// The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas ("Time-uniform central limit
// theory and asymptotic confidence sequences", 2021): Robbins' normal mixture. With s the standard deviation of one
// observation,
//   half(n) = s sqrt(2 (n rho^2 + 1) / (n rho)^2 log(sqrt(n rho^2 + 1) / alpha)),                    (theorem 2.2)
// of a mean of n observations. Being asymptotic, it wants some observations (a hundred, say) before the first look.
//
// rho is fixed beforehand: the tightest at `intended_n` observations,
//   rho = sqrt((-2 log alpha + log(-2 log alpha + 1)) / intended_n),                                (appendix B.2)
// and a few times more or fewer cost little.
double SequenceHalfWidth(double n, double standard_deviation, double confidence, double intended_n);

// The same for one side alone: P(for every n: mean >= average - distance) >= confidence.                (appendix B.1)
//   distance(n) = s sqrt(2 (n rho^2 + 1) / (n rho)^2 log(1 + sqrt(n rho^2 + 1) / (2 alpha)))
double SequenceOneSided(double n, double standard_deviation, double confidence, double intended_n);

// Takes observations one by one; mean and variance are running ones (Welford).
class AsymptoticSequence {
 public:
  AsymptoticSequence(double confidence, double intended_n) : confidence_(confidence), intended_n_(intended_n) {}
  void Add(double x);
  int64_t n() const { return n_; }
  double Mean() const { return mean_; }
  double HalfWidth() const;  // infinite with fewer than two observations
  double Low() const { return mean_ - HalfWidth(); }
  double High() const { return mean_ + HalfWidth(); }

 private:
  double confidence_, intended_n_;
  int64_t n_ = 0;
  double mean_ = 0, squares_ = 0;
};

}  // namespace suffice
