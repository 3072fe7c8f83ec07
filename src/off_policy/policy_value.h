// The value of policies that did not serve, from the log of one that did.
//
// A row is one prompt. Of some tiers a measure (quality, cost in dollars, lateness) was observed, each with a known
// probability; a model predicts it for every tier, fitted without the row's own fold. The doubly robust score of tier a
// is psi_a = m_a + 1{a observed} / P(a observed) (y_a - m_a) (Dudik, Langford, Li 2011), and the value of a policy is
// the mean of sum_a pi(a | x) psi_a. Rows of which every tier was run have P = 1 for each.
// Thread contract: pure functions on plain data.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace suffice {

struct ValueRow {
  double weight = 1;                // inverse of the probability that the row was drawn at all
  std::vector<double> observed;     // by tier: probability that its measure was observed; 0: it could not be
  std::vector<double> y;            // by tier: the measure; NaN: not observed
  std::vector<double> model;        // by tier: cross-fitted prediction m_a
};

// pi(a | x) of one policy for each row: [row][tier], each summing to 1.
using PolicyTable = std::vector<std::vector<double>>;

enum class Estimator { kDr, kSnips, kIps, kDm, kSwitchDr };

struct ValueEstimate {
  Estimator estimator = Estimator::kDr;
  double value = 0;
  double standard_error = 0;
  double low = 0, high = 0;                    // at the asked confidence, for one look
  double sequence_low = 0, sequence_high = 0;  // asymptotic confidence sequence: for any number of looks; DR only
  double effective_sample_size = 0;            // (sum w)^2 / sum w^2 of the importance weights
  double largest_weight = 0;
  int64_t rows = 0;
};

struct ValueOptions {
  double confidence = 0.95;
  double switch_weight = 10;  // Switch-DR: importance weights above this fall back on the model (Wang et al. 2017)
};

// INVALID_ARGUMENT: no rows, or shapes that do not fit.
absl::StatusOr<ValueEstimate> EstimateValue(std::span<const ValueRow> rows, const PolicyTable& policy,
                                            Estimator estimator, const ValueOptions& options = {});
// Of policy a minus policy b on the same rows: paired, so what both share cancels. DR.
absl::StatusOr<ValueEstimate> EstimateDifference(std::span<const ValueRow> rows, const PolicyTable& a,
                                                 const PolicyTable& b, const ValueOptions& options = {});

}  // namespace suffice
