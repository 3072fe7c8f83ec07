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

// Eight columns' sums; GCC and Clang map it to whatever vectors the machine has.
using Lanes = int16_t __attribute__((vector_size(16)));
static_assert(2 * sizeof(Lanes) / sizeof(int16_t) == kColumnBlock);

// Adds up the columns [0, kBlocks * kColumnBlock) of rows. REQUIRES: size x 128 fits int16. A lane holds two columns,
// the even one in its lower byte; shifts spread them, sign and all. (Left to itself the compiler adds byte by byte.)
template <int kBlocks>
void AddColumns(const int8_t* const* rows, int size, int first, int16_t* totals) {
  Lanes even[kBlocks] = {}, odd[kBlocks] = {};
  for (int i = 0; i < size; ++i) {
    const int8_t* const row = rows[i] + first;
    for (int b = 0; b < kBlocks; ++b) {
      Lanes pairs;
      std::memcpy(&pairs, row + b * kColumnBlock, sizeof(pairs));
      even[b] += (pairs << 8) >> 8;
      odd[b] += pairs >> 8;
    }
  }
  for (int b = 0; b < kBlocks; ++b) {
    for (int k = 0; k < kColumnBlock / 2; ++k) {
      totals[b * kColumnBlock + 2 * k] = even[b][k];
      totals[b * kColumnBlock + 2 * k + 1] = odd[b][k];
    }
  }
}

// Not inlined, so that the compiler knows that row and sums do not overlap, and vectorises.
__attribute__((noinline)) void AddWeighted(const int8_t* __restrict row, float weight, float* __restrict sums,
                                           int size) {
  for (int k = 0; k < size; ++k) sums[k] += weight * static_cast<float>(row[k]);
}

// Adds up rows of the table. Most tokens of a prompt come once, twice or three times: the rows of those that come
// equally often are added as integers and weighted once.
class RowAdder {
 public:
  explicit RowAdder(const SvdTable& table) : table_(table), stride_(StrideOf(table.dimensions)) {
    std::fill_n(sums_, stride_, 0.0F);
  }

  // Without a branch on `known`, which cannot be guessed: an unknown bucket's row is written and not counted.
  void Add(uint16_t bucket, uint8_t count, bool known) {
    const int8_t* const table = table_.weights.data();
    const int8_t* const row = table + static_cast<size_t>(bucket) * static_cast<size_t>(stride_);
    if (count > kGroups) {
      if (known) AddWeighted(row, SublinearTf()[count], sums_, stride_);
      return;
    }
    for (int column = 0; column < stride_; column += kCacheLine) __builtin_prefetch((known ? row : table) + column);
    Group& group = groups_[count - 1];
    group.rows[group.size] = row;
    group.size += known;
    if (group.size == kGroupRows) Flush(count);
  }

  // table.dimensions sums.
  const float* Finish() {
    for (int count = 1; count <= kGroups; ++count) Flush(count);
    return sums_;
  }

 private:
  static constexpr int kGroups = 3;
  static constexpr int kGroupRows = 256;  // 256 x -128 fits int16
  struct Group {
    int size = 0;
    const int8_t* rows[kGroupRows];
  };

  void Flush(int count) {
    Group& group = groups_[count - 1];
    const float weight = SublinearTf()[static_cast<size_t>(count)];
    int column = 0;
    // A cache line of each row at a time, where rows are as long.
    for (; column + kCacheLine <= stride_; column += kCacheLine) {
      AddBlocks<kCacheLine / kColumnBlock>(group, column, weight);
    }
    for (; column < stride_; column += kColumnBlock) AddBlocks<1>(group, column, weight);
    group.size = 0;
  }

  template <int kBlocks>
  void AddBlocks(const Group& group, int first, float weight) {
    int16_t totals[kBlocks * kColumnBlock];
    AddColumns<kBlocks>(group.rows, group.size, first, totals);
    for (int k = 0; k < kBlocks * kColumnBlock; ++k) sums_[first + k] += weight * static_cast<float>(totals[k]);
  }

  const SvdTable& table_;
  const int stride_;
  Group groups_[kGroups];
  float sums_[kMaxProjection];
};

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace

// Both layouts are of this version's properties.
static_assert(kPropertiesVersion == 1, "other properties need a layout with a new number");

std::span<const TakenProperty> TakenProperties(uint32_t layout) {
  constexpr float kAll = kFeatureLimit;
  static constexpr TakenProperty kFirstEight[] = {{0, kAll}, {1, kAll}, {2, kAll}, {3, kAll},
                                                  {4, kAll}, {5, kAll}, {6, kAll}, {7, kAll}};
  static constexpr TakenProperty kSteady[] = {{0, kAll}, {1, 1}, {3, 1}, {5, 1}, {7, kAll}};
  if (layout == 1) return kFirstEight;
  if (layout == kSvdLayout) return kSteady;
  return {};
}

const std::array<float, 256>& SublinearTf() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> tf{};
    for (size_t count = 1; count < tf.size(); ++count) tf[count] = 1 + std::log(static_cast<float>(count));
    return tf;
  }();
  return table;
}

void Project(const SvdTable& table, const std::vector<Sketch::Count>& counts, float* out) {
  const std::array<float, 256>& tf = SublinearTf();
  RowAdder adder(table);
  float squares = 0;
  for (const Sketch::Count& count : counts) {
    const uint8_t idf = table.idf[count.bucket];
    const float value = tf[count.count] * static_cast<float>(idf) * kIdfStep;
    squares += value * value;
    adder.Add(count.bucket, count.count, /*known=*/idf != 0);
  }
  const float* const sums = adder.Finish();
  const float inverse_norm = squares > 0 ? 1 / std::sqrt(squares) : 0.0F;
  for (int k = 0; k < table.dimensions; ++k) out[k] = sums[k] * inverse_norm;
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

// 4 bytes layout, 8 salt, 8 prompts, 4 dimensions d; floats: d factors, d offsets; bytes: kSketchBuckets
// idf, kSketchBuckets x StrideOf(d) weights.
std::string SvdFeatures::Serialize() const {
  std::string bytes = OpenFrame(FeatureKind::kSvd, layout_);
  bytes.reserve(bytes.size() + table_.weights.size() + table_.idf.size() + 64 + 8 * table_.factor.size());
  AppendRaw(bytes, table_.layout);
  AppendRaw(bytes, table_.salt);
  AppendRaw(bytes, table_.prompts);
  AppendRaw(bytes, static_cast<uint32_t>(table_.dimensions));
  AppendRaw(bytes, table_.factor.data(), table_.factor.size());
  AppendRaw(bytes, table_.offset.data(), table_.offset.size());
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
  // Checked before anything is allocated.
  if (reader.remaining() != 2 * sizeof(float) * d + static_cast<size_t>(kSketchBuckets) * (1 + stride)) {
    return MalformedFeatures("its length does not match its dimensions");
  }
  table.dimensions = static_cast<int>(d);
  for (std::vector<float>* values : {&table.factor, &table.offset}) {
    values->resize(d);
    reader.Read(values->data(), d);
  }
  table.idf.resize(kSketchBuckets);
  table.weights.resize(kSketchBuckets * stride);
  reader.Read(table.idf.data(), table.idf.size());
  reader.Read(table.weights.data(), table.weights.size());
  if (!AllFinite(table.factor) || !AllFinite(table.offset)) return MalformedFeatures("a factor is not a finite number");
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
    case FeatureKind::kFrequent:
      return ReadFrequentFeatures(frame->body, config);
  }
  return MalformedFeatures("unknown kind");
}

std::optional<uint64_t> SaltOf(const FeatureSet& features) {
  if (const auto* const extended = dynamic_cast<const FrequentFeatures*>(&features)) return SaltOf(extended->base());
  const auto* const fitted = dynamic_cast<const SvdFeatures*>(&features);
  return fitted == nullptr ? std::nullopt : std::optional(fitted->salt());
}

}  // namespace suffice
