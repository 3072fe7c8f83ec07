// Who told what of a sum of observations: for each sender, sums of how its answers differed from predictions, so that a
// sender can be believed less without a pass over what it told. Thread contract: a value type; const methods are safe
// to share.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace suffice {

// Where an observation stands among EpochStatistics: epoch, bucket.
using SumPlace = std::pair<int64_t, int64_t>;

// An answer y of a prediction q by a sender with weight w counts as q + w (y - q): what is not believed of it is left as
// it was predicted. The sums S of x x^T do not change, and b and yy do by
//   b += -(1 - w) sum (y - q) x,   yy += -(1 - w) sum 2 q (y - q) - (1 - w^2) sum (y - q)^2.
// Where theta x = q, that is the normal equation of least squares with weights w.
class SenderSums {
 public:
  explicit SenderSums(int dimensions) : dimensions_(dimensions) {}
  int dimensions() const { return dimensions_; }
  // `share`: of one observation (negative takes it back). REQUIRES: x.size() == dimensions().
  void Add(SumPlace place, int sender, std::span<const float> x, double share, double predicted, double residual);
  // Lets `to` have told what `from` did.
  void Move(int from, int to);
  // Drops what stands at no place of `kept`.
  void Keep(const std::map<SumPlace, double>& kept);
  size_t places() const { return places_.size(); }

  // Discounted observations by sender, `discounts` being the weight of each place that counts. Index: sender.
  std::vector<double> Counts(const std::map<SumPlace, double>& discounts) const;
  struct Change {
    Eigen::VectorXd b;
    double yy = 0;
  };
  // What the sums change by when senders have `weights` (by sender; 1 beyond the end).
  Change Weighted(const std::map<SumPlace, double>& discounts, std::span<const double> weights) const;

  void AppendTo(std::string& bytes) const;
  static absl::StatusOr<SenderSums> Read(std::string_view& bytes);  // consumes; INVALID_ARGUMENT when malformed

 private:
  struct Residuals {
    Eigen::VectorXd b;  // sum (y - q) x
    double n = 0, crossed = 0, squares = 0;  // sum 1, 2 q (y - q), (y - q)^2
  };
  int dimensions_;
  std::map<SumPlace, std::map<int, Residuals>> places_;
};

// Weights, each at most the one given, with which no sender has more than `max_share` of sum w n, nor (where that is more)
// `free` observations; with fewer than 1 / max_share senders, an equal share. Sender 0 stands for many and is not bounded.
std::vector<double> BoundShares(std::span<const double> counts, std::vector<double> weights, double max_share,
                                double free);

}  // namespace suffice
