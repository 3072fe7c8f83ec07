#include "features/frequent_features.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <functional>

#include "base/hash.h"
#include "base/status_macros.h"
#include "features/feature_bytes.h"
#include "features/frequent_set.h"
#include "features/layout.h"
#include "features/svd_features.h"

namespace suffice {
namespace {

constexpr int64_t kMaxCounts = int64_t{1} << 24;
constexpr double kMeanVariance = 0.4;  // as SvdFitter's

bool AllFinite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

// The most frequent buckets that occur in at least `least` rows, ascending.
std::vector<uint16_t> FrequentBuckets(const std::vector<std::vector<Sketch::Count>>& rows, double least) {
  std::vector<int32_t> frequency(kSketchBuckets, 0);
  for (const auto& row : rows) {
    for (const Sketch::Count& count : row) ++frequency[count.bucket];
  }
  std::vector<uint16_t> buckets;
  for (int b = 0; b < kSketchBuckets; ++b) {
    if (frequency[static_cast<size_t>(b)] >= std::max(2.0, least)) buckets.push_back(static_cast<uint16_t>(b));
  }
  std::stable_sort(buckets.begin(), buckets.end(), [&](uint16_t a, uint16_t b) { return frequency[a] > frequency[b]; });
  if (buckets.size() > kMaxFrequent) buckets.resize(kMaxFrequent);
  std::sort(buckets.begin(), buckets.end());
  return buckets;
}

// Mean and covariance of which tokens occur.
struct Moments {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
};

Moments MomentsOf(const std::vector<std::vector<Sketch::Count>>& rows, const std::vector<uint16_t>& buckets) {
  const auto m = static_cast<Eigen::Index>(buckets.size());
  std::vector<int> place(kSketchBuckets, -1);
  for (size_t i = 0; i < buckets.size(); ++i) place[buckets[i]] = static_cast<int>(i);
  Moments moments{Eigen::VectorXd::Zero(m), Eigen::MatrixXd::Zero(m, m)};
  std::vector<int> present;
  for (const auto& row : rows) {
    present.clear();
    for (const Sketch::Count& count : row) {
      if (place[count.bucket] >= 0) present.push_back(place[count.bucket]);
    }
    for (const int i : present) {
      moments.mean[i] += 1;
      for (const int j : present) moments.covariance(i, j) += 1;
    }
  }
  const auto n = static_cast<double>(rows.size());
  moments.mean /= n;
  moments.covariance = moments.covariance / n - moments.mean * moments.mean.transpose();
  return moments;
}

}  // namespace

FrequentFeatures::FrequentFeatures(FeatureSetPtr base, FrequentTable table, const FeatureConfig& config)
    : base_(std::move(base)),
      table_(std::move(table)),
      layout_(LayoutHash(config)),
      place_(kSketchBuckets, 0),
      version_(Hash64(Serialize())) {
  for (size_t i = 0; i < table_.buckets.size(); ++i) place_[table_.buckets[i]] = static_cast<uint16_t>(i + 1);
}

void FrequentFeatures::Compute(const Sketch& sketch, std::span<float> x) const {
  const auto first = static_cast<size_t>(base_->dimensions()), d = table_.offset.size();
  base_->Compute(sketch, x.first(first));
  float* const own = x.data() + first;
  std::copy(table_.offset.begin(), table_.offset.end(), own);
  for (const Sketch::Count& count : sketch.counts) {
    const size_t place = place_[count.bucket];
    if (place == 0) continue;
    const float tf = table_.counted ? SublinearTf()[count.count] : 1.0F;
    const float* const weights = table_.weights.data() + (place - 1) * d;
    for (size_t k = 0; k < d; ++k) own[k] += tf * weights[k];
  }
  for (size_t k = 0; k < d; ++k) own[k] = ClipFeature(own[k]);
}

std::string FrequentFeatures::DimensionName(int index) const {
  const int own = index - base_->dimensions();
  return own < 0 ? base_->DimensionName(index) : fmt::format("frequent_{}", own + 1);
}

// 4 bytes number of buckets m, 4 dimensions d; 2 bytes each of m buckets; floats: d offsets, m x d weights; then the
// base's own bytes.
std::string FrequentFeatures::Serialize() const {
  std::string bytes = OpenFrame(table_.counted ? FeatureKind::kFrequentCounts : FeatureKind::kFrequent, layout_);
  AppendRaw(bytes, static_cast<uint32_t>(table_.buckets.size()));
  AppendRaw(bytes, static_cast<uint32_t>(table_.offset.size()));
  AppendRaw(bytes, table_.buckets.data(), table_.buckets.size());
  AppendRaw(bytes, table_.offset.data(), table_.offset.size());
  AppendRaw(bytes, table_.weights.data(), table_.weights.size());
  bytes += base_->Serialize();
  return CloseFrame(std::move(bytes));
}

absl::StatusOr<FeatureSetPtr> ReadFrequentFeatures(std::string_view body, bool counted, const FeatureConfig& config) {
  ByteReader reader(body);
  uint32_t m, d;
  if (!reader.Read(m) || !reader.Read(d)) return MalformedFeatures("cut");
  if (m < 1 || m > kMaxFrequent || d < 1 || d > m) return MalformedFeatures("impossible number of frequent tokens");
  const size_t length = sizeof(uint16_t) * m + sizeof(float) * d * (1 + size_t{m});
  if (reader.remaining() < length) return MalformedFeatures("cut");
  FrequentTable table{.counted = counted,
                      .buckets = std::vector<uint16_t>(m),
                      .offset = std::vector<float>(d),
                      .weights = std::vector<float>(size_t{m} * d)};
  reader.Read(table.buckets.data(), m);
  reader.Read(table.offset.data(), d);
  reader.Read(table.weights.data(), table.weights.size());
  if (std::adjacent_find(table.buckets.begin(), table.buckets.end(), std::greater_equal<>()) != table.buckets.end()) {
    return MalformedFeatures("frequent tokens out of order");
  }
  if (!AllFinite(table.offset) || !AllFinite(table.weights))
    return MalformedFeatures("a weight is not a finite number");
  const absl::StatusOr<Frame> base = ReadFrame(body.substr(body.size() - reader.remaining()), LayoutHash(config));
  if (!base.ok()) return base.status();
  if (base->kind != FeatureKind::kSvd)
    return MalformedFeatures("frequent tokens beside something else than a projection");
  SUFFICE_ASSIGN_OR_RETURN(FeatureSetPtr svd, ReadSvdFeatures(base->body, config));
  return std::make_shared<FrequentFeatures>(std::move(svd), std::move(table), config);
}

void FrequentFitter::Add(const Sketch& sketch) {
  const auto size = static_cast<int64_t>(sketch.counts.size());
  if (std::ssize(rows_) >= options_.max_prompts || counts_ + size > kMaxCounts) return;
  rows_.emplace_back(sketch.counts);
  counts_ += size;
}

FeatureSetPtr FrequentFitter::Extend(FeatureSetPtr base, const FeatureConfig& config) const {
  FrequentTable table;
  table.buckets = FrequentBuckets(rows_, options_.least_share * static_cast<double>(rows_.size()));
  const auto m = static_cast<Eigen::Index>(table.buckets.size());
  const Eigen::Index d = std::min<Eigen::Index>(options_.dimensions, m);
  if (m < 2) return base;
  const Moments moments = MomentsOf(rows_, table.buckets);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(moments.covariance);
  // By falling variance; the largest entry by magnitude is positive.
  Eigen::MatrixXd components = solver.eigenvectors().rightCols(d).rowwise().reverse();
  const double variance = solver.eigenvalues().tail(d).mean();
  if (!(variance > 1e-9)) return base;
  const double unit = std::sqrt(kMeanVariance / variance);
  for (Eigen::Index k = 0; k < d; ++k) {
    Eigen::Index largest = 0;
    components.col(k).cwiseAbs().maxCoeff(&largest);
    components.col(k) *= (components(largest, k) < 0 ? -1 : 1) * unit;
    table.offset.push_back(static_cast<float>(-components.col(k).dot(moments.mean)));
  }
  for (Eigen::Index i = 0; i < m; ++i) {
    for (Eigen::Index k = 0; k < d; ++k) table.weights.push_back(static_cast<float>(components(i, k)));
  }
  return std::make_shared<FrequentFeatures>(std::move(base), std::move(table), config);
}

}  // namespace suffice
