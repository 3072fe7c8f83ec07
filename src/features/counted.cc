// The feature set that needs no data: [1, extras, counted properties].

#include <algorithm>

#include "base/hash.h"
#include "features/feature_bytes.h"
#include "features/feature_set.h"
#include "features/layout.h"

namespace suffice {
namespace {

class CountedFeatures final : public FeatureSet {
 public:
  explicit CountedFeatures(const FeatureConfig& config)
      : layout_(LayoutHash(config)), extras_names_(ExtrasNames(config)), version_(Hash64(Serialize())) {}

  std::string_view kind() const override { return "counted"; }
  uint64_t version() const override { return version_; }
  int dimensions() const override { return 1 + extras() + kPropertyCount; }
  int extras() const override { return static_cast<int>(extras_names_.size()); }

  void Compute(const Sketch& sketch, std::span<float> x) const override {
    float* const own = FillBiasAndExtras(sketch, extras(), x);
    std::transform(sketch.properties.begin(), sketch.properties.end(), own, ClipFeature);
  }

  std::string DimensionName(int index) const override {
    const int own = index - 1 - extras();
    return own < 0 ? BiasOrExtraName(extras_names_, index) : std::string(PropertyNames()[static_cast<size_t>(own)]);
  }

  std::string Serialize() const override {
    std::string bytes = OpenFrame(FeatureKind::kCounted, layout_);
    AppendRaw(bytes, kPropertiesVersion);
    return CloseFrame(std::move(bytes));
  }

 private:
  const uint64_t layout_;
  const std::vector<std::string> extras_names_;
  const uint64_t version_;
};

}  // namespace

FeatureSetPtr MakeCountedFeatures(const FeatureConfig& config) { return std::make_shared<CountedFeatures>(config); }

absl::StatusOr<FeatureSetPtr> ReadCountedFeatures(std::string_view body, const FeatureConfig& config) {
  ByteReader reader(body);
  uint32_t properties_version;
  if (!reader.Read(properties_version) || reader.remaining() > 0) return MalformedFeatures("malformed");
  if (properties_version != kPropertiesVersion) return MalformedFeatures("counted by another release's properties");
  return MakeCountedFeatures(config);
}

}  // namespace suffice
