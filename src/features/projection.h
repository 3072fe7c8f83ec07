// What a fit learns of tokens, and how a prompt's tokens are projected with it. Internal to this room.
// Thread contract: pure functions over plain data (scratch memory is per thread).
#pragma once

#include <sys/mman.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "features/sketch.h"

namespace suffice {

inline constexpr int kMaxProjection = 512;
// idf is kept as a byte in these steps; 0 marks a bucket that the projection does not use.
inline constexpr float kIdfStep = 1.0F / 16;
// Columns of the table that are added up together.
inline constexpr int kColumnBlock = 16;
// Columns of the table's rows: those after the last dimension are zeros.
constexpr int StrideOf(int dimensions) { return (dimensions + kColumnBlock - 1) / kColumnBlock * kColumnBlock; }
static_assert(StrideOf(kMaxProjection) == kMaxProjection);

inline constexpr int kCacheLine = 64;                 // bytes
inline constexpr size_t kHugePage = size_t{2} << 20;  // bytes

// Gives memory that begins at a huge page, and asks the kernel to make it of such: a prompt's rows are all over the
// table, and would else miss the translation of their addresses, too.
template <typename T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <typename U>
  HugePages(const HugePages<U>&) {}
  T* allocate(size_t n) {
    void* const memory = ::operator new(n * sizeof(T), std::align_val_t{kHugePage});
    madvise(memory, n * sizeof(T), MADV_HUGEPAGE);  // where it may not, pages stay small
    return static_cast<T*>(memory);
  }
  void deallocate(T* p, size_t) { ::operator delete(p, std::align_val_t{kHugePage}); }
  bool operator==(const HugePages&) const = default;
};

// 1 + ln count for counts 1..255, 0 for 0.
const std::array<float, 256>& SublinearTf();

// The layout of what is fitted now; see TakenProperties and Project.
inline constexpr uint32_t kSvdLayout = 3;

// What SvdFitter learns and the file keeps.
struct SvdTable {
  uint32_t layout = kSvdLayout;
  uint64_t salt = 0;
  uint64_t prompts = 0;      // it was fitted on
  int dimensions = 0;        // 1..kMaxProjection
  std::vector<uint8_t> idf;  // kSketchBuckets, in kIdfStep
  // kSketchBuckets x StrideOf(dimensions), row-major; idf is folded in. As it begins at a cache line, no row takes a line
  // more than it must.
  std::vector<int8_t, HugePages<int8_t>> weights;
  // Per dimension: a feature is factor * (projection in units of the int8 weights) + offset.
  std::vector<float> factor, offset;
  // From layout 3 on: what PlainProjection gives on average, and the largest length of a row, in units of features.
  std::vector<float> centre;
  float longest_row = 0;
};

// sum over buckets of tf x weights row (in int8 units), divided by the l2 norm of tf x idf; zeros where nothing is
// known. `out` is table.dimensions long.
void PlainProjection(const SvdTable& table, const std::vector<Sketch::Count>& counts, float* out);

// Layouts 1 and 2: the plain projection. Layout 3: the same with tokens weighted by how far they agree with the rest of
// their prompt, so that text put around a prompt has little say unless it is about the same. With u what the plain
// projection departs by from its mean, and L the longest row, both in units of features, a token of row r has
//   agreement  a = (r u - tf L^2 / |tf idf|) / (L |u|)            (its own part in u is taken off)
//   weight     tf min(1, max(0, 0.05 + 3 a)), rounded to quarters, at most 2
// The weights take the place of tf in sum and norm.
void Project(const SvdTable& table, const std::vector<Sketch::Count>& counts, float* out);

}  // namespace suffice
