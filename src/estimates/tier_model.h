// What is believed of one tier: quality, cost and latency of an answer given the features x of a prompt.
// Thread contract: TierStatistics is confined to the learner; TierModel is immutable and shared.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "estimates/linear_forms.h"
#include "stats/epoch_statistics.h"
#include "stats/ridge.h"
#include "stats/sender_sums.h"
#include "suffice/config.h"

namespace suffice {

// Decisions of the tier's own in a bucket of BucketedStatistics.
inline constexpr int64_t kBucketDecisions = 512;

// The sufficient statistics of one tier. Everything is a sum, so the order of events does not matter (within an epoch
// of `quality`).
struct TierStatistics {
  // keep: observations that outlive a change of quality.
  TierStatistics(int dimensions, double half_life, double keep = DriftConfig().keep);
  EpochStatistics quality;           // y = reward; epochs end with drift alarms
  SenderSums senders;                // who told the rewards
  BucketedStatistics output_tokens;  // y = ln(1 + output tokens)
  BucketedStatistics latency;        // y = ln(latency in ms)
  double input_tokens = 0;           // sum of observed input tokens ...
  double input_tokens_estimate = 0;  // ... and of their estimates from the prompt's length

  // Discounted sums of quality, with senders' rewards believed as far as their weights say and no sender having more
  // than `max_share` of what is believed. With weights of 1 and no bound, or one sender: quality.Discounted().
  RidgeStatistics Quality(std::span<const double> sender_weights, double max_share) const;

  void AppendTo(std::string& bytes) const;
  static absl::StatusOr<TierStatistics> Read(std::string_view& bytes);
};

// Corrections that a refit found on decisions that the models had not seen.
struct TierCalibration {
  double quality_offset = 0, quality_slope = 1;  // quality = offset + slope (theta^T x)
  double cost_scale = 1;                         // multiplies expected output tokens
  double latency_log_offset = 0;                 // added to the expectation of ln(latency in ms)

  bool operator==(const TierCalibration&) const = default;
};

struct TierModelOptions {
  int quality_dimensions = 1;  // leading dimensions of x to use, bias included
  int outcome_dimensions = 1;  // for output tokens and latency
  double ridge = 300;          // prior precision of each feature for quality, in observations
  double tokens_ridge = 30;    // for output tokens, whose logarithm the features explain far better
  double latency_ridge = 300;  // for latency, which depends on little but length
  TierPrior prior;
  std::vector<double> sender_weights;  // by sender; 1 beyond the end
  double max_share = 1;                // of what is believed of quality that one sender can have
  double pseudo_observations = 0;  // that quality_from_others stands for
  double cost_ratio = 1;       // observed over predicted cost: multiplies cost predictions
  TierCalibration calibration;
  // Pseudo-observations for a tier that is new among known ones, one for each target; nothing for others.
  std::optional<RidgeStatistics> quality_from_others, output_tokens_from_others, latency_from_others;
};

struct TierPrediction {
  double quality = 0;
  double quality_sigma = 0;                        // standard deviation of the predicted mean: s sqrt(x^T A^-1 x)
  double quality_residual = 0;                     // standard deviation of one reward about the mean
  double cost_usd = 0;                             // cost_ratio (price_in tokens_in + price_out E[tokens_out])
  double cost_ratio = 1;                           // already in the three costs
  double cost_low_usd = 0, cost_high_usd = 0;      // central 90% of one call
  double latency_ms = 0;                           // median
  double latency_low_ms = 0, latency_high_ms = 0;  // central 90% of one call
  double log_output_tokens = 0;                    // expectation of ln(1 + output tokens)
  double log_latency = 0;                          // expectation of ln(latency in ms)
  double observations = 0;                         // effective, behind quality; pseudo-observations count
};

// The part of a prediction that says nothing of its own uncertainty: cheap enough for thousands of contexts.
struct TierMeans {
  double quality = 0;
  double cost_usd = 0;
  double log_latency = 0;
};

// ln(latency in ms) of a call minus its expectation, and how long its prompt was, in tokens.
struct LatencyResidual {
  double residual = 0;
  double input_tokens = 0;
};

// Quality is a ridge regression of the reward; output tokens and latency are log-normal, with ridge regressions of
// their logarithms mu = w^T x and residual variances s2. With no observations every prediction at x = e_bias is the
// prior's. Expected output tokens are E[min(T, cap)] for ln(1 + T) ~ N(mu, s2), that is exp(mu + s2 / 2) - 1 where
// nothing caps them. Intervals hold the uncertainty of mu too: variance s2 (1 + x^T A^-1 x).
class TierModel {
 public:
  TierModel(const TierStatistics& statistics, const TierModelOptions& options);
  // x: at least as long as the dimensions in use. input_tokens_estimate: from the prompt's length. Allocates nothing.
  // expected output tokens are capped by max_output_tokens where that is > 0.
  TierPrediction Predict(std::span<const float> x, double input_tokens_estimate, int64_t max_output_tokens,
                         const Price& price) const;
  // The same in two parts, as the intervals of cost and latency cost more than all the rest, and a decision needs them
  // of one tier alone: what is not an interval, and what is, for a prediction of the first kind from the same arguments.
  TierPrediction PredictCentre(std::span<const float> x, double input_tokens_estimate, int64_t max_output_tokens,
                               const Price& price) const;
  void AddIntervals(std::span<const float> x, double input_tokens_estimate, int64_t max_output_tokens,
                    const Price& price, TierPrediction& prediction) const;
  TierMeans PredictMeans(std::span<const float> x, double input_tokens_estimate, int64_t max_output_tokens,
                         const Price& price) const;
  // What the latency model left unexplained of recent calls, in any order.
  void SetLatencyResiduals(const std::vector<LatencyResidual>& residuals);
  double ExpectedLogLatency(std::span<const float> x) const;
  // P(latency > limit_ms) of a call with this expectation of ln(latency) and prompt length: the share of the residuals of
  // prompts about as long (within half an octave) that would bring it there (Duan's smearing: no shape of the
  // distribution is assumed, and it may change with length), shrunk with the weight of kLengthPrior calls to that of all
  // residuals, and that with kLatePrior to being late as often as the limit allows (`allowed_share`) or as the log-normal model
  // says, whichever is worse: a tier without data is not taken to be fast. limit_ms <= 0: 1.
  double LateProbability(double log_latency, double input_tokens, double limit_ms, double allowed_share) const;
  static constexpr double kLatePrior = 10, kLengthPrior = 4;

  const RidgeSolution& quality() const { return quality_; }

 private:
  struct Means {
    double quality, log_output_tokens, log_latency;
  };
  Means MeansAt(std::span<const float> x) const;
  double InputUsd(double input_tokens_estimate, const Price& price) const;
  double OutputUsdPerToken(const Price& price) const;

  RidgeSolution quality_, output_tokens_, latency_;
  StackedCoefficients coefficients_;  // of the three
  LeverageForm quality_leverage_, output_tokens_leverage_, latency_leverage_;
  double observations_ = 0;
  double input_tokens_ratio_ = 1;
  double cost_ratio_ = 1;
  double tokens_scale_ = 1;
  static constexpr size_t kLengths = 48;  // half octaves of input tokens
  static size_t LengthOf(double input_tokens);
  std::vector<float> latency_residuals_;                           // ascending
  std::array<std::vector<float>, kLengths> residuals_by_length_;  // ascending
};

}  // namespace suffice
