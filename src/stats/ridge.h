// Sufficient statistics of a linear model, and its ridge solution. Knows nothing of prompts or tiers.
// Thread contract: value types; const methods are safe to share.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace suffice {

// S = sum w x x^T, b = sum w y x, n = sum w, yy = sum w y^2, in double. Adding and removing are exact inverses up to
// rounding; merging is adding.
class RidgeStatistics {
 public:
  explicit RidgeStatistics(int dimensions = 0);
  int dimensions() const { return static_cast<int>(b_.size()); }
  // REQUIRES: x.size() == dimensions(). A negative weight takes an observation back.
  void Add(std::span<const float> x, double weight, double y);
  // *this += scale * other. REQUIRES: equal dimensions.
  void AddScaled(const RidgeStatistics& other, double scale);
  // The same observations with other answers: adds to sum w y x and to sum w y^2. REQUIRES: b.size() == dimensions().
  void ChangeAnswers(const Eigen::VectorXd& b, double yy);

  // What `weight` noiseless observations of y = theta^T x would leave, their x distributed as those behind `gram`,
  // whose S is a sum over observations divided by their number. They count as none in n(), so they say nothing of the
  // noise. REQUIRES: equal dimensions.
  static RidgeStatistics FromLinearModel(const RidgeStatistics& gram, double weight, const Eigen::VectorXd& theta);

  // S, of which only the lower triangle is read, and n; b and the sums of y are 0.
  static RidgeStatistics FromInputs(const Eigen::MatrixXd& s, double n);
  // REQUIRES: b.size() == dimensions().
  void SetTarget(Eigen::VectorXd b, double yy, double y_sum);

  double n() const { return n_; }
  double yy() const { return yy_; }
  double y_sum() const { return y_sum_; }
  const Eigen::VectorXd& b() const { return b_; }
  // Full symmetric matrix, dimensions x dimensions; or its leading d x d part, where 0 <= d <= dimensions().
  Eigen::MatrixXd S() const { return S(dimensions()); }
  Eigen::MatrixXd S(int d) const;

  void AppendTo(std::string& bytes) const;                               // little-endian
  static absl::StatusOr<RidgeStatistics> Read(std::string_view& bytes);  // consumes; INVALID_ARGUMENT when malformed

 private:
  Eigen::VectorXd packed_;  // lower triangle by columns, d (d + 1) / 2
  Eigen::VectorXd b_;
  double n_ = 0, yy_ = 0, y_sum_ = 0;
};

// RidgeStatistics per bucket of decisions, so that forgetting depends on when a decision was made and not on when its
// feedback came: theta = (sum_k g_k S_k + P)^-1 sum_k g_k b_k, where g_k halves with every `half_life` observations
// in newer buckets. Buckets whose weight has fallen under 2^-12 do not count, and what comes late for them is
// ignored, so the order of arrival does not matter. They are kept in memory for another half-life, which is how far
// observations that are taken back may bring a bucket's weight up again.
class BucketedStatistics {
 public:
  BucketedStatistics(int dimensions, double half_life);  // half_life in observations; 0: never forget
  int dimensions() const { return dimensions_; }
  void Add(int64_t bucket, std::span<const float> x, double weight, double y);
  // Adds ready sums to a bucket. REQUIRES: equal dimensions.
  void AddSums(int64_t bucket, const RidgeStatistics& sums);
  // sum_k g_k (S_k, b_k, n_k, yy_k).
  RidgeStatistics Discounted() const;
  double n() const;  // undiscounted observations in the buckets that count
  std::vector<std::pair<int64_t, double>> Weights() const;  // bucket, g of each that counts
  int buckets() const { return static_cast<int>(buckets_.size()); }  // in memory

  void AppendTo(std::string& bytes) const;
  static absl::StatusOr<BucketedStatistics> Read(std::string_view& bytes);

 private:
  // The discounted sum of the buckets first .. last, as seen from just after `last`: most of what Discounted() needs,
  // and it changes only with late arrivals, so it is made once per bucket.
  struct Checkpoint {
    bool valid = false;
    int64_t first = 0, last = 0;
    RidgeStatistics sum;
  };
  // Applies `change` to the sums of a bucket, whose n it changes by `n`.
  template <typename Changing>
  void Change(int64_t bucket, double n, const Changing& change);
  bool Counts(double newer) const;    // whether a bucket does that has `newer` observations in newer ones
  double Weight(double newer) const;  // g of such a bucket
  void ForgetOld();
  void MakeCheckpoint();

  int dimensions_;
  double half_life_;
  int64_t forgotten_;  // buckets up to this one are gone for good
  double kept_n_ = 0;  // sum of n over buckets_
  std::map<int64_t, RidgeStatistics> buckets_;
  Checkpoint checkpoint_;
};

// theta and the posterior shape of a ridge regression on the first `d` dimensions of some statistics.
struct RidgeSolution {
  Eigen::VectorXd theta;           // d
  Eigen::MatrixXf inverse_factor;  // lower-triangular W with W^T W = (S + P)^-1, so x^T A^-1 x = |W x|^2
  double residual_variance = 0;    // of one observation about the fit
  double n = 0;                    // effective observations
};

struct RidgePrior {
  double precision = 300;        // of every dimension but the bias, about 0
  double bias_precision = 1e-3;  // of the bias, about `mean`
  double mean = 0;               // prior mean of y: acts as `weight` observations at x = e_bias
  double weight = 0;
  double variance = 0.0625;  // of one observation, believed with `variance_weight` observations
  double variance_weight = 10;
};

// Solves on the leading d dimensions (dimension 0 is the bias): A = S + P, theta = A^-1 (b + P_00 mean e_bias), where
// P is diagonal with P_00 = bias_precision + weight, the rest precision; and residual_variance = (variance_weight
// variance + RSS) / (variance_weight + n), RSS being the sum of squared residuals. REQUIRES: 1 <= d <=
// statistics.dimensions(), P positive.
RidgeSolution SolveRidge(const RidgeStatistics& statistics, int d, const RidgePrior& prior);

}  // namespace suffice
