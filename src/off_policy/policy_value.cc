#include "off_policy/policy_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status_macros.h"
#include "stats/asymptotic_sequence.h"
#include "stats/normal.h"
#include "stats/student.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

absl::Status CheckRow(const ValueRow& row, size_t tiers, size_t place) {
  const auto bad = [place](const char* field, const std::string& what) {
    return InvalidField(fmt::format("rows[{}].{}", place, field), what);
  };
  if (!(row.weight >= 0) || !std::isfinite(row.weight)) return bad("weight", "expected a finite number >= 0");
  for (const auto& [field, size] :
       {std::pair{"observed", row.observed.size()}, {"y", row.y.size()}, {"model", row.model.size()}}) {
    if (size != tiers) return bad(field, fmt::format("expected {} tiers, got {}", tiers, size));
  }
  for (size_t a = 0; a < tiers; ++a) {
    if (!(row.observed[a] >= 0 && row.observed[a] <= 1)) return bad("observed", "expected probabilities in [0, 1]");
    if (!std::isfinite(row.model[a])) return bad("model", "expected finite predictions");
    if (std::isfinite(row.y[a]) && row.observed[a] == 0) {
      return bad("observed", "expected a probability > 0 where the measure was observed");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTable(std::span<const ValueRow> rows, const PolicyTable& policy) {
  if (policy.size() != rows.size()) {
    return InvalidField("policy", fmt::format("expected {} rows, got {}", rows.size(), policy.size()));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    if (policy[i].size() == rows[0].observed.size()) continue;
    return InvalidField(fmt::format("policy[{}]", i),
                        fmt::format("expected {} tiers, got {}", rows[0].observed.size(), policy[i].size()));
  }
  return absl::OkStatus();
}

absl::Status CheckRows(std::span<const ValueRow> rows) {
  if (rows.empty()) return InvalidField("rows", "expected at least one");
  double weights = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    SUFFICE_RETURN_IF_ERROR(CheckRow(rows[i], rows[0].observed.size(), i));
    weights += rows[i].weight;
  }
  return weights > 0 ? absl::OkStatus() : InvalidField("rows", "expected a positive weight");
}

// What one row comes to under signed shares of tiers: a policy, or the difference of two.
struct Terms {
  double model = 0;          // sum_a pi m
  double residual = 0;       // sum_a r (y - m)
  double kept_residual = 0;  // the same, without the largest weights
  double reward = 0;         // sum_a r y
  double ratio = 0;          // sum_a |r|
  double unobservable = 0;   // sum_a |pi| where p is next to 0
};

Terms TermsOf(const ValueRow& row, std::span<const double> shares, double switch_weight) {
  Terms terms;
  for (size_t a = 0; a < shares.size(); ++a) {
    if (shares[a] == 0) continue;
    terms.model += shares[a] * row.model[a];
    if (row.observed[a] < kHardlyObserved) terms.unobservable += std::abs(shares[a]);
    if (!std::isfinite(row.y[a])) continue;
    const double ratio = shares[a] / row.observed[a], residual = ratio * (row.y[a] - row.model[a]);
    terms.ratio += std::abs(ratio);
    terms.reward += ratio * row.y[a];
    terms.residual += residual;
    if (std::abs(ratio) <= switch_weight) terms.kept_residual += residual;
  }
  return terms;
}

double TermOf(const Terms& terms, Estimator estimator) {
  switch (estimator) {
    case Estimator::kDr:
      return terms.model + terms.residual;
    case Estimator::kSwitchDr:
      return terms.model + terms.kept_residual;
    case Estimator::kDm:
      return terms.model;
    case Estimator::kIps:
    case Estimator::kSnips:
      return terms.reward;
  }
  return 0;
}

// Sum over tiers of (mean share)^2 se^2.
double SharedVariance(std::span<const ValueRow> rows, const PolicyTable& shares, const std::vector<double>& errors) {
  double variance = 0, weights = 0;
  std::vector<double> mean(errors.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    weights += rows[i].weight;
    for (size_t a = 0; a < errors.size(); ++a) mean[a] += rows[i].weight * shares[i][a];
  }
  for (size_t a = 0; a < errors.size(); ++a) variance += std::pow(mean[a] / weights * errors[a], 2);
  return variance;
}

// A normal quantile's place taken by Student's of the same probability: what an estimated deviation asks for.
double Studentised(double z, double degrees) {
  return z < 0 ? InverseStudentCdf(NormalCdf(z), degrees) : -InverseStudentCdf(NormalCdf(-z), degrees);
}

// The quantile x of Hall's transformed statistic, as one of (estimate - truth) / se.
double Unskewed(double x, double skewness) {
  constexpr double kNone = 1e-6;
  if (std::abs(skewness) < kNone) return x;
  return 3 / skewness * (std::cbrt(1 + skewness * (x - skewness / 6)) - 1);
}

void SetIntervals(double rows_worth, const ValueOptions& options, ValueEstimate& estimate) {
  const double z = InverseNormalCdf(0.5 + options.confidence / 2);
  estimate.low = estimate.Lower(z);
  estimate.high = estimate.Upper(z);
  if (estimate.estimator != Estimator::kDr) return;
  const double deviations =
      SequenceHalfWidth(rows_worth, std::sqrt(rows_worth), options.confidence, options.intended_rows);
  estimate.sequence_low = estimate.Lower(deviations);
  estimate.sequence_high = estimate.Upper(deviations);
}

// Of one tier's residuals y - m, and of the weights w r that they enter with.
struct Residuals {
  double n = 0, squares = 0;                // unweighted
  double weights = 0, squared_weights = 0;  // of the observed ones
  double expected = 0;                      // sum over all rows of w^2 pi^2 / p: what squared_weights is on average
};

// What is to be added to sum (w d)^2 for residuals that were not seen yet: each tier's mean square is raised to that of
// all tiers, with the weight of kVariancePrior observations beside its effective number.
double UnseenSquares(std::span<const ValueRow> rows, const PolicyTable& shares, double switch_weight) {
  std::vector<Residuals> tiers(rows[0].observed.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t a = 0; a < tiers.size(); ++a) {
      const ValueRow& row = rows[i];
      if (row.observed[a] < kHardlyObserved) continue;
      const double ratio = row.weight * shares[i][a] / row.observed[a];
      const bool is_kept = std::abs(shares[i][a]) <= switch_weight * row.observed[a];
      if (is_kept) tiers[a].expected += ratio * ratio * row.observed[a];
      if (!std::isfinite(row.y[a])) continue;
      tiers[a].n += 1;
      tiers[a].squares += std::pow(row.y[a] - row.model[a], 2);
      tiers[a].weights += std::abs(ratio);
      tiers[a].squared_weights += ratio * ratio;
    }
  }
  double n = 0, squares = 0, unseen = 0;
  for (const Residuals& tier : tiers) {
    n += tier.n;
    squares += tier.squares;
  }
  if (n == 0) return 0;
  for (const Residuals& tier : tiers) {
    const double effective = tier.squared_weights > 0 ? tier.weights * tier.weights / tier.squared_weights : 0;
    const double own = tier.n > 0 ? tier.squares / tier.n : 0;
    unseen += tier.expected * kVariancePrior / (kVariancePrior + effective) * std::max(0.0, squares / n - own);
  }
  return unseen;
}

// `shares`: a policy, or the difference of two.
ValueEstimate Estimate(std::span<const ValueRow> rows, const PolicyTable& shares, Estimator estimator,
                       const ValueOptions& options) {
  ValueEstimate result{.estimator = estimator, .rows = std::ssize(rows)};
  std::vector<Terms> terms;
  terms.reserve(rows.size());
  double weights = 0, squared_weights = 0, sum = 0, ratios = 0, squared_ratios = 0, choices = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double w = rows[i].weight;
    const Terms& row = terms.emplace_back(TermsOf(rows[i], shares[i], options.switch_weight));
    weights += w;
    squared_weights += w * w;
    sum += w * TermOf(row, estimator);
    ratios += w * row.ratio;
    squared_ratios += w * w * row.ratio * row.ratio;
    result.unobservable += w * row.unobservable;
    for (const double share : shares[i]) choices += w * std::abs(share);
    result.largest_weight = std::max(result.largest_weight, w * row.ratio);
  }
  const auto n = static_cast<double>(rows.size());
  result.largest_weight *= n / weights;
  if (choices > 0) result.unobservable /= choices;
  if (squared_ratios > 0) result.effective_sample_size = ratios * ratios / squared_ratios;
  result.degrees = std::max(1.0, result.effective_sample_size - 1);

  const bool by_ratio = estimator == Estimator::kSnips;
  const double scale = by_ratio ? ratios : weights;
  result.value = scale > 0 ? sum / scale : kNan;
  if (estimator == Estimator::kIps && ratios == 0) result.value = kNan;
  double squares = 0, cubes = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double deviation =
        rows[i].weight * (TermOf(terms[i], estimator) - result.value * (by_ratio ? terms[i].ratio : 1));
    squares += deviation * deviation;
    cubes += deviation * deviation * deviation;
  }
  if (squares > 0) result.skewness = cubes / std::pow(squares, 1.5);
  if (estimator == Estimator::kDr || estimator == Estimator::kSwitchDr) {
    const double none = std::numeric_limits<double>::infinity();
    squares += UnseenSquares(rows, shares, estimator == Estimator::kDr ? none : options.switch_weight);
  }
  const double rows_worth = weights * weights / squared_weights;
  const double small_sample = rows_worth / std::max(1.0, rows_worth - 1);
  const double variance =
      squares / (scale * scale) * small_sample + SharedVariance(rows, shares, options.tier_standard_error);
  result.standard_error = std::sqrt(variance);
  SetIntervals(rows_worth, options, result);
  return result;
}

absl::Status CheckOptions(std::span<const ValueRow> rows, const ValueOptions& options) {
  if (!(options.confidence > 0 && options.confidence < 1))
    return InvalidField("confidence", "expected more than 0 and less than 1");
  const size_t errors = options.tier_standard_error.size();
  if (errors == 0 || errors == rows[0].observed.size()) return absl::OkStatus();
  return InvalidField("tier_standard_error", fmt::format("expected {} tiers, got {}", rows[0].observed.size(), errors));
}

}  // namespace

double ValueEstimate::Lower(double z) const {
  return value - Unskewed(Studentised(z, degrees), skewness) * standard_error;
}

double ValueEstimate::Upper(double z) const {
  return value - Unskewed(Studentised(-z, degrees), skewness) * standard_error;
}

double ValueEstimate::LowerBound(double confidence) const { return Lower(InverseNormalCdf(confidence)); }
double ValueEstimate::UpperBound(double confidence) const { return Upper(InverseNormalCdf(confidence)); }

absl::StatusOr<ValueEstimate> EstimateValue(std::span<const ValueRow> rows, const PolicyTable& policy,
                                            Estimator estimator, const ValueOptions& options) {
  SUFFICE_RETURN_IF_ERROR(CheckRows(rows));
  SUFFICE_RETURN_IF_ERROR(CheckTable(rows, policy));
  SUFFICE_RETURN_IF_ERROR(CheckOptions(rows, options));
  return Estimate(rows, policy, estimator, options);
}

absl::StatusOr<ValueEstimate> EstimateDifference(std::span<const ValueRow> rows, const PolicyTable& a,
                                                 const PolicyTable& b, const ValueOptions& options) {
  SUFFICE_RETURN_IF_ERROR(CheckRows(rows));
  SUFFICE_RETURN_IF_ERROR(CheckTable(rows, a));
  SUFFICE_RETURN_IF_ERROR(CheckTable(rows, b));
  SUFFICE_RETURN_IF_ERROR(CheckOptions(rows, options));
  PolicyTable difference = a;
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t tier = 0; tier < difference[i].size(); ++tier) difference[i][tier] -= b[i][tier];
  }
  return Estimate(rows, difference, Estimator::kDr, options);
}

}  // namespace suffice
