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
  double weight = 1;             // inverse of the probability that the row was drawn at all
  std::vector<double> observed;  // by tier: probability that its measure was observed; 0: it could not be
  std::vector<double> y;         // by tier: the measure; NaN: not observed
  std::vector<double> model;     // by tier: cross-fitted prediction m_a
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
  double largest_weight = 0;                   // of the importance weights, ValueRow::weight scaled to a mean of 1
  double unobservable =
      0;  // share of the policy's choices that go to tiers whose measure is observed with < kHardlyObserved
  double degrees = 0;   // of freedom, of Student's t behind the intervals
  double skewness = 0;  // of the estimate: sum (w d)^3 / (sum (w d)^2)^(3/2), see below
  int64_t rows = 0;

  // The ends of an interval that would lie `z` standard errors away if the estimate were normal; see below.
  double Lower(double z) const;
  double Upper(double z) const;
  // The lower end of a one-sided interval for one look, and the upper one.
  double LowerBound(double confidence) const;
  double UpperBound(double confidence) const;
};

inline constexpr double kVariancePrior = 10;
// A measure that is observed less often than this counts as unobservable: one such row would outweigh all others.
inline constexpr double kHardlyObserved = 1e-3;

struct ValueOptions {
  double confidence = 0.95;
  double switch_weight = 10;    // Switch-DR: importance weights above this fall back on the model (Wang et al. 2017)
  double intended_rows = 1000;  // the confidence sequence is tightest about here; to be fixed before the first look
  // By tier: standard error of something that all measures of the tier share and the rows cannot show, such as the
  // estimated bias of a judge that was taken off them (see judge_bias.h). Empty: none. Enters as
  // sum over tiers of (mean share of the tier under the policy)^2 se^2; of a difference, with the difference of shares.
  std::vector<double> tier_standard_error;
};

// With w the row's weight (scaled, so that estimates are Hajek's), pi the policy, p = P(observed), r = pi / p where the
// measure was observed and 0 elsewhere, and d(phi) the deviation of a row's term from the estimate:
//   kDr        mean of sum_a pi m + r (y - m)
//   kIps       mean of sum_a r y
//   kSnips     sum of r y / sum of r (its standard error by linearisation)
//   kDm        mean of sum_a pi m: its interval knows nothing of the model's own error, and is far too narrow
//   kSwitchDr  as kDr, r = 0 where pi / p exceeds `switch_weight`
//   se^2 = sum w^2 d(phi)^2 / (sum w)^2 n / (n - 1)
// A tier's residuals are believed to vary at least as much as those of all tiers together, with the weight of
// kVariancePrior observations: few observations of a good tier have not seen its failures yet. Intervals are Student's,
// with as many degrees of freedom as the effective sample size less one, and follow the skewness of the terms (Hall
// 1992: the quantile x becomes 3 / a ((1 + a (x - a / 6))^(1/3) - 1), a the skewness), which importance weights bring.
// The sequence of kDr is the asymptotic one of stats/asymptotic_sequence.h, of n = (sum w)^2 / sum w^2 observations,
// with the same two corrections: early looks rest on few rows. Where nothing was observed that the policy would choose,
// kIps and kSnips are NaN. INVALID_ARGUMENT: no rows, shapes that do not fit, a probability outside [0, 1], an observed
// measure of probability 0.
absl::StatusOr<ValueEstimate> EstimateValue(std::span<const ValueRow> rows, const PolicyTable& policy,
                                            Estimator estimator, const ValueOptions& options = {});
// Of policy a minus policy b on the same rows: paired, so what both share cancels. DR.
absl::StatusOr<ValueEstimate> EstimateDifference(std::span<const ValueRow> rows, const PolicyTable& a,
                                                 const PolicyTable& b, const ValueOptions& options = {});

}  // namespace suffice
