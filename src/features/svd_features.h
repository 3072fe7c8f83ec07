// The fitted feature set: x = [1, extras, some counted properties, projection of the l2-normalised tf-idf vector].
// Internal to this room.
// Thread contract: immutable.
#pragma once

#include <array>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "features/feature_set.h"

namespace suffice {

inline constexpr int kMaxProjection = 512;

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
inline constexpr uint32_t kSvdLayout = 2;
// Empty for a number that is none.
std::span<const TakenProperty> TakenProperties(uint32_t layout);

// idf is kept as a byte in these steps; 0 marks a bucket that the projection does not use.
inline constexpr float kIdfStep = 1.0F / 16;
// Columns of the table that are added up together.
inline constexpr int kColumnBlock = 16;
// Columns of the table's rows: those after the last dimension are zeros.
constexpr int StrideOf(int dimensions) { return (dimensions + kColumnBlock - 1) / kColumnBlock * kColumnBlock; }
static_assert(StrideOf(kMaxProjection) == kMaxProjection);

inline constexpr int kCacheLine = 64;  // bytes

// Gives memory that begins at a cache line.
template <typename T>
struct CacheAligned {
  using value_type = T;
  CacheAligned() = default;
  template <typename U>
  CacheAligned(const CacheAligned<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{kCacheLine})); }
  void deallocate(T* p, size_t) { ::operator delete(p, std::align_val_t{kCacheLine}); }
  bool operator==(const CacheAligned&) const = default;
};

// 1 + ln count for counts 1..255, 0 for 0.
const std::array<float, 256>& SublinearTf();

// What SvdFitter learns and the file keeps.
struct SvdTable {
  uint32_t layout = kSvdLayout;
  uint64_t salt = 0;
  uint64_t prompts = 0;         // it was fitted on
  int dimensions = 0;           // 1..kMaxProjection
  std::vector<uint8_t> idf;     // kSketchBuckets, in kIdfStep
  // kSketchBuckets x StrideOf(dimensions), row-major; idf is folded in. Begins at a cache line: a prompt's rows are all
  // over the table, and none is to take a line more than it must.
  std::vector<int8_t, CacheAligned<int8_t>> weights;
  // Per dimension: a feature is factor * (projection in units of the int8 weights) + offset.
  std::vector<float> factor, offset;
};

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

// sum over buckets of tf x weights row (in int8 units), divided by the l2 norm of tf x idf; zeros where nothing is
// known. `out` is table.dimensions long.
void Project(const SvdTable& table, const std::vector<Sketch::Count>& counts, float* out);

}  // namespace suffice
