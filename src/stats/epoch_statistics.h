// Statistics of a quantity that may change abruptly: what was seen before a change is worth a few observations after.
// Thread contract: a value type; const methods are safe to share.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "stats/ridge.h"

namespace suffice {

// BucketedStatistics by epoch, an epoch being the time between two changes. At the start of an epoch all that stands
// before it is scaled down to `keep` observations where it has more:
//   D <- 2^(-n_e / half_life) min(1, keep / n(D)) D + D_e, for the epochs e in order,
// with D_e the discounted sum of epoch e and n_e its observations. The scale is taken from the sums as they are now, so
// the order of arrival does not matter: what comes late for an old epoch joins it, and the whole is scaled anew.
class EpochStatistics {
 public:
  // half_life in observations, 0: never forget. keep > 0.
  EpochStatistics(int dimensions, double half_life, double keep);
  int dimensions() const { return dimensions_; }
  // A negative weight takes back. What comes for an epoch before `first_kept` is ignored.
  void Add(int64_t epoch, int64_t bucket, std::span<const float> x, double weight, double y);
  // Adds ready sums. REQUIRES: equal dimensions.
  void AddSums(int64_t epoch, int64_t bucket, const RidgeStatistics& sums);
  RidgeStatistics Discounted() const;
  // The weight in Discounted() of every epoch and bucket that counts.
  std::map<std::pair<int64_t, int64_t>, double> Weights() const;
  double n() const;         // as of Discounted(), but without forgetting within an epoch
  double observed() const;  // observations in the epochs in memory, neither scaled nor forgotten
  size_t buckets() const;   // in memory
  void ForgetBefore(int64_t first_kept);

  void AppendTo(std::string& bytes) const;
  static absl::StatusOr<EpochStatistics> Read(std::string_view& bytes);

 private:
  double ScaleBefore(const BucketedStatistics& epoch, double n) const;

  int dimensions_;
  double half_life_;
  double keep_;
  int64_t first_kept_ = 0;
  std::map<int64_t, BucketedStatistics> epochs_;
};

}  // namespace suffice
