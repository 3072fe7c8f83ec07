// A fitted feature set with components of frequent tokens behind it; see frequent_features.h. Internal to this room.
// Thread contract: immutable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "features/feature_set.h"

namespace suffice {

inline constexpr size_t kMaxFrequent = 512;

struct FrequentTable {
  bool counted = false;           // by how often a token occurs, sublinearly; else by whether it does
  std::vector<uint16_t> buckets;  // ascending
  std::vector<float> offset;      // d
  std::vector<float> weights;     // buckets x d, row-major
};

class FrequentFeatures final : public FeatureSet {
 public:
  FrequentFeatures(FeatureSetPtr base, FrequentTable table, const FeatureConfig& config);

  std::string_view kind() const override { return "svd"; }
  uint64_t version() const override { return version_; }
  int dimensions() const override { return base_->dimensions() + static_cast<int>(table_.offset.size()); }
  int extras() const override { return base_->extras(); }
  void Compute(const Sketch& sketch, std::span<float> x) const override;
  std::string DimensionName(int index) const override;
  std::string Serialize() const override;
  const FeatureSet& base() const { return *base_; }

 private:
  const FeatureSetPtr base_;
  const FrequentTable table_;
  const uint64_t layout_;
  std::vector<uint16_t> place_;  // by bucket: its place in the table, plus one; 0: not frequent
  const uint64_t version_;
};

absl::StatusOr<FeatureSetPtr> ReadFrequentFeatures(std::string_view body, bool counted, const FeatureConfig& config);

}  // namespace suffice
