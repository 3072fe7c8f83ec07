#include "estimates/tier_model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stats/normal.h"

namespace suffice {
namespace {

constexpr double kCentral90 = 1.6448536269514722;  // InverseNormalCdf(0.95)
constexpr double kMaxTokens = 1e7;                 // keeps exponentials of wild extrapolations finite
constexpr double kMaxLatencyMs = 1e8;              // about a day
constexpr double kInputTokensPrior = 1000;         // tokens at ratio 1 to which the input ratio is shrunk

// What one observation's variance is believed to be before any was made, with kVarianceWeight observations. In
// squared units of y: rewards in [0, 1]; logarithms of tokens and of milliseconds.
constexpr double kRewardVariance = 0.0625, kTokensVariance = 0.5, kLatencyVariance = 0.25;
constexpr double kVarianceWeight = 10;

RidgePrior MakePrior(const TierModelOptions& options, double precision, double mean, double variance) {
  RidgePrior prior;
  prior.precision = precision;
  prior.mean = mean;
  prior.weight = options.prior.weight;
  prior.variance = variance;
  prior.variance_weight = kVarianceWeight;
  return prior;
}

// Observations of the tier's own, and what stands in for more of them.
RidgeStatistics Seen(RidgeStatistics seen, const std::optional<RidgeStatistics>& from_others) {
  if (from_others) seen.AddScaled(*from_others, 1);
  return seen;
}

double CapOf(int64_t max_output_tokens) {
  return max_output_tokens > 0 ? static_cast<double>(max_output_tokens) : kMaxTokens;
}

double MillisecondsAt(double log_latency) { return std::exp(std::min(log_latency, std::log(kMaxLatencyMs))); }

// exp(mu + z sd) - 1, in [0, cap].
double TokensAt(double mu, double deviation, double cap) {
  return std::clamp(std::expm1(std::min(mu + deviation, std::log1p(kMaxTokens))), 0.0, cap);
}

// E[min(T, cap)] where ln(1 + T) ~ N(mu, s2), at least 0.
double ExpectedTokens(double mu, double s2, double cap) {
  const double uncapped = std::expm1(std::min(mu + s2 / 2, std::log1p(kMaxTokens)));
  const double sd = std::sqrt(s2), edge = std::log1p(cap);
  // Beyond eight deviations of the heavier integrand the cap has no effect.
  if (edge - mu - s2 >= 8 * sd) return std::max(0.0, uncapped);
  const NormalTable& normal = NormalTable::Get();
  const double z = (edge - mu) / sd;
  const double expected = (uncapped + 1) * normal.At(z - sd).cdf + (cap + 1) * normal.At(-z).cdf - 1;
  return std::clamp(expected, 0.0, cap);
}

}  // namespace

TierModel::TierModel(const TierStatistics& statistics, const TierModelOptions& options)
    : quality_(SolveRidge(Seen(statistics.Quality(options.sender_weights, options.max_share), options.quality_from_others), options.quality_dimensions,
                          MakePrior(options, options.ridge, options.prior.quality, kRewardVariance))),
      output_tokens_(SolveRidge(
          Seen(statistics.output_tokens.Discounted(), options.output_tokens_from_others), options.outcome_dimensions,
          MakePrior(options, options.tokens_ridge, std::log1p(options.prior.output_tokens), kTokensVariance))),
      latency_(SolveRidge(Seen(statistics.latency.Discounted(), options.latency_from_others), options.outcome_dimensions,
                          MakePrior(options, options.latency_ridge, std::log(std::max(options.prior.latency_ms, 1e-3)),
                                    kLatencyVariance))),
      observations_(quality_.n + options.pseudo_observations),
      input_tokens_ratio_((std::max(0.0, statistics.input_tokens) + kInputTokensPrior) /
                          (std::max(0.0, statistics.input_tokens_estimate) + kInputTokensPrior)),
      cost_ratio_(options.cost_ratio),
      tokens_scale_(options.calibration.cost_scale) {
  const TierCalibration& calibration = options.calibration;
  quality_.theta *= calibration.quality_slope;
  quality_.theta[0] += calibration.quality_offset;
  quality_.inverse_factor *= static_cast<float>(std::abs(calibration.quality_slope));
  latency_.theta[0] += calibration.latency_log_offset;
  const std::array<const Eigen::VectorXd*, 3> thetas = {&quality_.theta, &output_tokens_.theta, &latency_.theta};
  coefficients_ = StackedCoefficients(thetas);
  quality_leverage_ = LeverageForm(quality_.inverse_factor);
  output_tokens_leverage_ = LeverageForm(output_tokens_.inverse_factor);
  latency_leverage_ = LeverageForm(latency_.inverse_factor);
}

TierModel::Means TierModel::MeansAt(std::span<const float> x) const {
  const auto means = coefficients_.At(x);
  return {.quality = means[0], .log_output_tokens = means[1], .log_latency = means[2]};
}

double TierModel::ExpectedLogLatency(std::span<const float> x) const { return MeansAt(x).log_latency; }

size_t TierModel::LengthOf(double input_tokens) {
  return static_cast<size_t>(std::clamp(2 * std::log2(std::max(1.0, input_tokens)), 0.0, kLengths - 1.0));
}

void TierModel::SetLatencyResiduals(const std::vector<LatencyResidual>& residuals) {
  latency_residuals_.clear();
  for (std::vector<float>& some : residuals_by_length_) some.clear();
  for (const LatencyResidual& observed : residuals) {
    const auto residual = static_cast<float>(observed.residual);
    latency_residuals_.push_back(residual);
    residuals_by_length_[LengthOf(observed.input_tokens)].push_back(residual);
  }
  std::sort(latency_residuals_.begin(), latency_residuals_.end());
  for (std::vector<float>& some : residuals_by_length_) std::sort(some.begin(), some.end());
}

double TierModel::LateProbability(double log_latency, double input_tokens, double limit_ms,
                                  double allowed_share) const {
  if (limit_ms <= 0) return 1;
  const double margin = std::log(limit_ms) - log_latency;
  const auto shrunk = [margin](const std::vector<float>& sorted, double prior, double weight) {
    const auto first_late = std::upper_bound(sorted.begin(), sorted.end(), static_cast<float>(margin));
    const double late = static_cast<double>(sorted.end() - first_late);
    return (late + weight * prior) / (static_cast<double>(sorted.size()) + weight);
  };
  const double assumed =
      std::max(allowed_share, NormalTable::Get().At(-margin / std::sqrt(latency_.residual_variance)).cdf);
  const double of_any_length = shrunk(latency_residuals_, assumed, kLatePrior);
  return shrunk(residuals_by_length_[LengthOf(input_tokens)], of_any_length, kLengthPrior);
}

TierMeans TierModel::PredictMeans(std::span<const float> x, double input_tokens_estimate, int64_t max_output_tokens,
                                  const Price& price) const {
  const Means means = MeansAt(x);
  return {.quality = means.quality,
          .cost_usd = InputUsd(input_tokens_estimate, price) +
                      OutputUsdPerToken(price) * ExpectedTokens(means.log_output_tokens,
                                                                output_tokens_.residual_variance,
                                                                CapOf(max_output_tokens)),
          .log_latency = means.log_latency};
}

double TierModel::InputUsd(double input_tokens_estimate, const Price& price) const {
  return cost_ratio_ * price.input_usd_per_mtok * input_tokens_estimate * input_tokens_ratio_ / 1e6;
}

double TierModel::OutputUsdPerToken(const Price& price) const {
  return cost_ratio_ * tokens_scale_ * price.output_usd_per_mtok / 1e6;
}

TierPrediction TierModel::PredictCentre(std::span<const float> x, double input_tokens_estimate,
                                        int64_t max_output_tokens, const Price& price) const {
  const Means means = MeansAt(x);
  TierPrediction result;
  result.quality = means.quality;
  result.quality_sigma = std::sqrt(quality_.residual_variance * quality_leverage_.At(x));
  result.quality_residual = std::sqrt(quality_.residual_variance);
  result.observations = observations_;
  result.cost_ratio = cost_ratio_;
  result.log_output_tokens = means.log_output_tokens;
  result.cost_usd =
      InputUsd(input_tokens_estimate, price) +
      OutputUsdPerToken(price) *
          ExpectedTokens(means.log_output_tokens, output_tokens_.residual_variance, CapOf(max_output_tokens));
  result.log_latency = means.log_latency;
  result.latency_ms = MillisecondsAt(means.log_latency);
  return result;
}

void TierModel::AddIntervals(std::span<const float> x, double input_tokens_estimate, int64_t max_output_tokens,
                             const Price& price, TierPrediction& prediction) const {
  const double input_usd = InputUsd(input_tokens_estimate, price), output_usd = OutputUsdPerToken(price);
  const double cap = CapOf(max_output_tokens);
  const double width =
      kCentral90 * std::sqrt(output_tokens_.residual_variance * (1 + output_tokens_leverage_.At(x)));
  prediction.cost_low_usd = input_usd + output_usd * TokensAt(prediction.log_output_tokens, -width, cap);
  prediction.cost_high_usd = input_usd + output_usd * TokensAt(prediction.log_output_tokens, width, cap);
  const double latency_width = kCentral90 * std::sqrt(latency_.residual_variance * (1 + latency_leverage_.At(x)));
  prediction.latency_low_ms = MillisecondsAt(prediction.log_latency - latency_width);
  prediction.latency_high_ms = MillisecondsAt(prediction.log_latency + latency_width);
}

TierPrediction TierModel::Predict(std::span<const float> x, double input_tokens_estimate, int64_t max_output_tokens,
                                  const Price& price) const {
  TierPrediction prediction = PredictCentre(x, input_tokens_estimate, max_output_tokens, price);
  AddIntervals(x, input_tokens_estimate, max_output_tokens, price, prediction);
  return prediction;
}

}  // namespace suffice
