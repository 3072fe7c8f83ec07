#include "features/projection.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

namespace suffice {
namespace {

constexpr float kAlone = 0.05F;    // weight of a token that neither agrees nor disagrees
constexpr float kAgreement = 3;    // what full agreement adds
constexpr float kLevelsOfOne = 4;  // weights are counted in quarters
constexpr int kMaxLevel = 8;

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

// Adds up rows of the table in groups of one weight each: the rows of a group are added as integers and weighted once.
template <int kGroups>
class RowAdder {
 public:
  RowAdder(const SvdTable& table, const std::array<float, kGroups>& weights)
      : stride_(StrideOf(table.dimensions)), weights_(weights) {
    std::fill_n(sums_, stride_, 0.0F);
  }

  // Without a branch on `counts`, which cannot be guessed: the row is written, and not counted.
  void Add(const int8_t* row, int group_index, bool counts = true) {
    Group& group = groups_[group_index];
    group.rows[group.size] = row;
    group.size += counts;
    if (group.size == kGroupRows) Flush(group_index);
  }
  void AddOne(const int8_t* row, float weight) { AddWeighted(row, weight, sums_, stride_); }

  // The sums of the table's dimensions.
  const float* Finish() {
    for (int group = 0; group < kGroups; ++group) {
      if (groups_[group].size > 0) Flush(group);
    }
    return sums_;
  }

 private:
  static constexpr int kGroupRows = 256;  // 256 x -128 fits int16
  struct Group {
    int size = 0;
    const int8_t* rows[kGroupRows];
  };

  void Flush(int group) {
    int column = 0;
    // A cache line of each row at a time, where rows are as long.
    for (; column + kCacheLine <= stride_; column += kCacheLine) {
      AddBlocks<kCacheLine / kColumnBlock>(groups_[group], column, weights_[group]);
    }
    for (; column < stride_; column += kColumnBlock) AddBlocks<1>(groups_[group], column, weights_[group]);
    groups_[group].size = 0;
  }

  template <int kBlocks>
  void AddBlocks(const Group& group, int first, float weight) {
    int16_t totals[kBlocks * kColumnBlock];
    AddColumns<kBlocks>(group.rows, group.size, first, totals);
    for (int k = 0; k < kBlocks * kColumnBlock; ++k) sums_[first + k] += weight * static_cast<float>(totals[k]);
  }

  const int stride_;
  const std::array<float, kGroups> weights_;
  Group groups_[kGroups];
  float sums_[kMaxProjection];
};

const int8_t* RowOf(const SvdTable& table, uint16_t bucket) {
  return table.weights.data() + static_cast<size_t>(bucket) * static_cast<size_t>(StrideOf(table.dimensions));
}

// The counts of buckets that the table knows, whose rows are on their way into the cache. Valid on this thread until its
// next call. Without a branch on what is known, which cannot be guessed.
std::span<const Sketch::Count> Known(const SvdTable& table, const std::vector<Sketch::Count>& counts) {
  thread_local std::vector<Sketch::Count> memory;
  if (memory.size() <= counts.size()) memory.resize(counts.size() + 1);
  Sketch::Count* end = memory.data();
  for (const Sketch::Count& count : counts) {
    *end = count;
    end += table.idf[count.bucket] != 0;
  }
  const std::span<const Sketch::Count> known(memory.data(), end);
  const int stride = StrideOf(table.dimensions);
  for (const auto& [bucket, count] : known) {
    const int8_t* const row = RowOf(table, bucket);
    for (int column = 0; column < stride; column += kCacheLine) __builtin_prefetch(row + column);
  }
  return known;
}

// What PlainProjection gives of known counts; returns 1 / |tf idf|, or 0 where nothing is known.
float AddPlainly(const SvdTable& table, std::span<const Sketch::Count> known, float* out) {
  constexpr int kGroups = 3;  // most tokens of a prompt come once, twice or three times
  const std::array<float, 256>& tf = SublinearTf();
  RowAdder<kGroups> adder(table, {tf[1], tf[2], tf[3]});
  float squares = 0;
  for (const auto& [bucket, count] : known) {
    const float value = tf[count] * static_cast<float>(table.idf[bucket]) * kIdfStep;
    squares += value * value;
    if (count <= kGroups) {
      adder.Add(RowOf(table, bucket), count - 1);
    } else {
      adder.AddOne(RowOf(table, bucket), tf[count]);
    }
  }
  const float* const sums = adder.Finish();
  const float inverse_norm = squares > 0 ? 1 / std::sqrt(squares) : 0.0F;
  for (int k = 0; k < table.dimensions; ++k) out[k] = sums[k] * inverse_norm;
  return inverse_norm;
}

// u of Project, such that Dot with a row in int8 units gives r u / (L |u|) in units of `step`.
struct Direction {
  alignas(16) int16_t columns[kMaxProjection];
  float step = 0;
  float own = 0;  // L / |u|
};

Direction DirectionOf(const SvdTable& table, const float* plain) {
  Direction direction;
  float u[kMaxProjection], squares = 0, largest = 0;
  for (int k = 0; k < table.dimensions; ++k) {
    const auto i = static_cast<size_t>(k);
    const float departs = (plain[k] - table.centre[i]) * table.factor[i];
    squares += departs * departs;
    u[k] = departs * table.factor[i];
    largest = std::max(largest, std::fabs(u[k]));
  }
  std::fill_n(direction.columns, StrideOf(table.dimensions), int16_t{0});
  constexpr float kNothing = 1e-30F;
  if (!(largest > kNothing) || !std::isfinite(largest) || !std::isfinite(squares)) return direction;
  const float length = std::sqrt(squares), scale = 32767 / largest;
  for (int k = 0; k < table.dimensions; ++k) direction.columns[k] = static_cast<int16_t>(u[k] * scale);
  direction.step = 1 / (scale * table.longest_row * length);
  direction.own = table.longest_row / length;
  return direction;
}

// Exact: 512 x 128 x 32767 fits int32. Not inlined, so that it is vectorised.
__attribute__((noinline)) int32_t Dot(const int8_t* __restrict row, const int16_t* __restrict columns, int stride) {
  int32_t sum = 0;
  for (int k = 0; k < stride; ++k) sum += static_cast<int16_t>(row[k]) * columns[k];
  return sum;
}

}  // namespace

const std::array<float, 256>& SublinearTf() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> tf{};
    for (size_t count = 1; count < tf.size(); ++count) tf[count] = 1 + std::log(static_cast<float>(count));
    return tf;
  }();
  return table;
}

void PlainProjection(const SvdTable& table, const std::vector<Sketch::Count>& counts, float* out) {
  AddPlainly(table, Known(table, counts), out);
}

void Project(const SvdTable& table, const std::vector<Sketch::Count>& counts, float* out) {
  const std::span<const Sketch::Count> known = Known(table, counts);
  const float inverse_norm = AddPlainly(table, known, out);
  if (table.layout < 3) return;
  const Direction direction = DirectionOf(table, out);
  const int stride = StrideOf(table.dimensions);
  const std::array<float, 256>& tf = SublinearTf();
  RowAdder<kMaxLevel> adder(table, {1, 2, 3, 4, 5, 6, 7, 8});
  int64_t squares = 0;
  for (const auto& [bucket, count] : known) {
    const int8_t* const row = RowOf(table, bucket);
    const float agreement = static_cast<float>(Dot(row, direction.columns, stride)) * direction.step -
                            tf[count] * inverse_norm * direction.own;
    // Levels of tf for counts of 1, 2 and more, at most kMaxLevel. No branch: none could be guessed.
    constexpr int kMostLevels[] = {0, 4, 7, kMaxLevel};
    const float levels = tf[count] * (kAlone + kAgreement * agreement) * kLevelsOfOne + 0.5F;
    const float below = levels < kMaxLevel + 0.5F ? levels : kMaxLevel + 0.5F;
    const float within = below > 0 ? below : 0.0F;
    const int level = std::min(static_cast<int>(within), kMostLevels[std::min<int>(count, 3)]);
    adder.Add(row, std::max(level, 1) - 1, /*counts=*/level > 0);
    const int64_t value = int64_t{level} * table.idf[bucket];
    squares += value * value;
  }
  const float* const sums = adder.Finish();
  const float inverse = squares > 0 ? 1 / (std::sqrt(static_cast<float>(squares)) * kIdfStep) : 0.0F;
  for (int k = 0; k < table.dimensions; ++k) out[k] = sums[k] * inverse;
}

}  // namespace suffice
