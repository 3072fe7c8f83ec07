#include "features/svd_features.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/hash.h"
#include "features/feature_bytes.h"
#include "features/frequent_set.h"
#include "features/layout.h"

namespace suffice {
namespace {

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace

// All layouts are of this version's properties.
static_assert(kPropertiesVersion == 1, "other properties need a layout with a new number");

std::span<const TakenProperty> TakenProperties(uint32_t layout) {
  constexpr float kAll = kFeatureLimit;
  static constexpr TakenProperty kFirstEight[] = {{0, kAll}, {1, kAll}, {2, kAll}, {3, kAll},
                                                  {4, kAll}, {5, kAll}, {6, kAll}, {7, kAll}};
  static constexpr TakenProperty kSteady[] = {{0, kAll}, {1, 1}, {3, 1}, {5, 1}, {7, kAll}};
  if (layout == 1) return kFirstEight;
  if (layout == 2 || layout == 3) return kSteady;
  return {};
}

SvdFeatures::SvdFeatures(SvdTable table, const FeatureConfig& config)
    : table_(std::move(table)),
      taken_(TakenProperties(table_.layout)),
      layout_(LayoutHash(config)),
      extras_names_(ExtrasNames(config)),
      version_(Hash64(Serialize())) {}

void SvdFeatures::Compute(const Sketch& sketch, std::span<float> x) const {
  float* own = FillBiasAndExtras(sketch, extras(), x);
  for (const auto& [index, limit] : taken_) *own++ = std::clamp(ClipFeature(sketch.properties[index]), -limit, limit);
  Project(table_, sketch.counts, own);
  for (int k = 0; k < table_.dimensions; ++k) {
    const auto i = static_cast<size_t>(k);
    own[k] = ClipFeature(own[k] * table_.factor[i] + table_.offset[i]);
  }
}

std::string SvdFeatures::DimensionName(int index) const {
  const int own = index - 1 - extras();
  if (own < 0) return BiasOrExtraName(extras_names_, index);
  const auto taken = static_cast<int>(taken_.size());
  if (own < taken) return std::string(PropertyNames()[taken_[static_cast<size_t>(own)].index]);
  return fmt::format("svd_{}", own - taken + 1);
}

// 4 bytes layout, 8 salt, 8 prompts, 4 dimensions d; floats: d factors, d offsets, from layout 3 on d centres and the
// longest row; bytes: kSketchBuckets idf, kSketchBuckets x StrideOf(d) weights.
std::string SvdFeatures::Serialize() const {
  std::string bytes = OpenFrame(FeatureKind::kSvd, layout_);
  bytes.reserve(bytes.size() + table_.weights.size() + table_.idf.size() + 64 + 8 * table_.factor.size());
  AppendRaw(bytes, table_.layout);
  AppendRaw(bytes, table_.salt);
  AppendRaw(bytes, table_.prompts);
  AppendRaw(bytes, static_cast<uint32_t>(table_.dimensions));
  AppendRaw(bytes, table_.factor.data(), table_.factor.size());
  AppendRaw(bytes, table_.offset.data(), table_.offset.size());
  if (table_.layout >= 3) {
    AppendRaw(bytes, table_.centre.data(), table_.centre.size());
    AppendRaw(bytes, table_.longest_row);
  }
  AppendRaw(bytes, table_.idf.data(), table_.idf.size());
  AppendRaw(bytes, table_.weights.data(), table_.weights.size());
  return CloseFrame(std::move(bytes));
}

absl::StatusOr<FeatureSetPtr> ReadSvdFeatures(std::string_view body, const FeatureConfig& config) {
  ByteReader reader(body);
  SvdTable table;
  uint32_t d;
  if (!reader.Read(table.layout) || !reader.Read(table.salt) || !reader.Read(table.prompts) || !reader.Read(d)) {
    return MalformedFeatures("cut");
  }
  if (TakenProperties(table.layout).empty()) return MalformedFeatures("fitted with another release's properties");
  if (d < 1 || d > kMaxProjection) return MalformedFeatures("impossible number of dimensions");
  const auto stride = static_cast<size_t>(StrideOf(static_cast<int>(d)));
  const size_t floats = table.layout < 3 ? 2 * d : 3 * d + 1;
  // Checked before anything is allocated.
  if (reader.remaining() != sizeof(float) * floats + static_cast<size_t>(kSketchBuckets) * (1 + stride)) {
    return MalformedFeatures("its length does not match its dimensions");
  }
  table.dimensions = static_cast<int>(d);
  for (std::vector<float>* values : {&table.factor, &table.offset}) {
    values->resize(d);
    reader.Read(values->data(), d);
  }
  if (table.layout >= 3) {
    table.centre.resize(d);
    reader.Read(table.centre.data(), d);
    reader.Read(table.longest_row);
  }
  table.idf.resize(kSketchBuckets);
  table.weights.resize(kSketchBuckets * stride);
  reader.Read(table.idf.data(), table.idf.size());
  reader.Read(table.weights.data(), table.weights.size());
  if (!AllFinite(table.factor) || !AllFinite(table.offset) || !AllFinite(table.centre)) {
    return MalformedFeatures("a factor is not a finite number");
  }
  if (table.layout >= 3 && !(table.longest_row > 0 && std::isfinite(table.longest_row))) {
    return MalformedFeatures("the length of a row is not a positive number");
  }
  return std::make_shared<SvdFeatures>(std::move(table), config);
}

absl::StatusOr<FeatureSetPtr> LoadFeatureSet(const std::string& bytes, const FeatureConfig& config) {
  const absl::StatusOr<Frame> frame = ReadFrame(bytes, LayoutHash(config));
  if (!frame.ok()) return frame.status();
  switch (frame->kind) {
    case FeatureKind::kCounted:
      return ReadCountedFeatures(frame->body, config);
    case FeatureKind::kSvd:
      return ReadSvdFeatures(frame->body, config);
    case FeatureKind::kFrequentCounts:
      return ReadFrequentFeatures(frame->body, /*counted=*/true, config);
    case FeatureKind::kFrequent:
      return ReadFrequentFeatures(frame->body, /*counted=*/false, config);
  }
  return MalformedFeatures("unknown kind");
}

std::optional<uint64_t> SaltOf(const FeatureSet& features) {
  if (const auto* const extended = dynamic_cast<const FrequentFeatures*>(&features)) return SaltOf(extended->base());
  const auto* const fitted = dynamic_cast<const SvdFeatures*>(&features);
  return fitted == nullptr ? std::nullopt : std::optional(fitted->salt());
}

}  // namespace suffice
