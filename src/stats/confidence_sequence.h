// An interval for the mean of bounded observations that may be looked at after each of them.
// Thread contract: a value type.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace suffice {

// The empirical-Bernstein confidence sequence with predictable plug-in (Waudby-Smith and Ramdas, "Estimating means of
// bounded random variables by betting", 2023, theorem 2): for observations in [0, 1] whose conditional mean is mu,
//   P(for every t: mu in [Low(), High()]) >= confidence.
// Where the conditional mean changes, the interval covers its average weighted by the bets lambda_t.
class ConfidenceSequence {
 public:
  explicit ConfidenceSequence(double confidence = 0.95);

  // REQUIRES: 0 <= x <= 1.
  void Add(double x);

  int64_t n() const { return n_; }
  double Mean() const;  // plain average; 0.5 without observations
  double Low() const;   // 0 without observations
  double High() const;  // 1 without observations

  void AppendTo(std::string& bytes) const;
  static absl::StatusOr<ConfidenceSequence> Read(std::string_view& bytes);

  bool operator==(const ConfidenceSequence&) const = default;

 private:
  double Width() const;

  double log_term_;  // ln(2 / alpha)
  int64_t n_ = 0;
  double sum_ = 0;
  double centred_squares_ = 0;  // sum of (x_t - mean_t)^2
  double bets_ = 0;             // sum of lambda_t
  double bet_sum_ = 0;          // sum of lambda_t x_t
  double variance_sum_ = 0;     // sum of v_t psi(lambda_t)
};

}  // namespace suffice
