// Two-sided cumulative sums (Page 1954) that notice when a stream of standardised residuals leaves mean 0.
// Thread contract: a value type.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace suffice {

enum class Shift { kNone, kDrop, kRise };

class Cusum {
 public:
  static constexpr double kClip = 3;  // one outlier counts as this many deviations at most

  // Adds a residual in standard deviations: with z clipped at +-kClip,
  //   drop <- max(0, drop - z - slack), rise <- max(0, rise + z - slack).
  // Says which of the two has passed `alarm`, and then starts over. REQUIRES: z finite, slack >= 0, alarm > 0.
  Shift Add(double z, double slack, double alarm);
  double drop() const { return drop_; }
  double rise() const { return rise_; }

  void AppendTo(std::string& bytes) const;
  static absl::StatusOr<Cusum> Read(std::string_view& bytes);  // consumes; INVALID_ARGUMENT when malformed

  bool operator==(const Cusum&) const = default;

 private:
  double drop_ = 0, rise_ = 0;
};

}  // namespace suffice
