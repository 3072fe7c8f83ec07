// The fitted feature set: x = [1, extras, some counted properties, projection of the l2-normalised tf-idf vector].
// Internal to this room.
// Thread contract: immutable.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "features/feature_set.h"
#include "features/projection.h"

namespace suffice {

// A counted property that a fitted set takes in, and within what it is clipped.
struct TakenProperty {
  uint8_t index;
  float limit;
};
// Which ones, by the number that the file keeps.
//   1  the first eight counted properties: what earlier versions fitted, and is still read
//   2  distinct_share, starts_with_command, quotes, newlines, number_option_share. Third persons and the shares of long
//      words and of digits are left out, as a few words before a prompt moved them most, and counts saturate at one
//      standard deviation: 40 words of filler then flip 7% of the decisions on exam questions instead of 28%. APGR
//      stays (.700 with 6,864 labels; .658 for .662 with 1,000, where no property at all leaves .646)
//   3  the same; tokens are weighted by their agreement, see Project
// Empty for a number that is none.
std::span<const TakenProperty> TakenProperties(uint32_t layout);

class SvdFeatures final : public FeatureSet {
 public:
  SvdFeatures(SvdTable table, const FeatureConfig& config);

  std::string_view kind() const override { return "svd"; }
  uint64_t version() const override { return version_; }
  int dimensions() const override { return 1 + extras() + static_cast<int>(taken_.size()) + table_.dimensions; }
  int extras() const override { return static_cast<int>(extras_names_.size()); }
  void Compute(const Sketch& sketch, std::span<float> x) const override;
  std::string DimensionName(int index) const override;
  std::string Serialize() const override;
  uint64_t salt() const { return table_.salt; }

 private:
  const SvdTable table_;
  const std::span<const TakenProperty> taken_;
  const uint64_t layout_;
  const std::vector<std::string> extras_names_;
  const uint64_t version_;
};

}  // namespace suffice
