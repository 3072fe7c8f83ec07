#include "features/randomized_svd.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "features/parallel.h"
#include "features/random.h"
#include "features/svd_features.h"

namespace suffice {
namespace {

// Pieces of work have these fixed sizes, so that sums do not depend on the number of threads.
constexpr Eigen::Index kRowsPerPiece = 512;
constexpr size_t kBucketPieces = 8;
// Directions weaker than this share of the strongest (in squared length) are rounding noise.
constexpr double kRankTolerance = 1e-9;

size_t Pieces(Eigen::Index rows) { return static_cast<size_t>((rows + kRowsPerPiece - 1) / kRowsPerPiece); }

// Not inlined, so that the compiler knows that the rows do not overlap, and vectorises.
__attribute__((noinline)) void AddScaled(const float* __restrict from, float weight, float* __restrict to,
                                         Eigen::Index size) {
  for (Eigen::Index k = 0; k < size; ++k) to[k] += weight * from[k];
}

// A w: kSketchBuckets x l -> prompts x l.
RowMatrix Multiply(const SparseCounts& a, const RowMatrix& w, int threads) {
  const auto& rows = *a.rows;
  const std::array<float, 256>& tf = SublinearTf();
  RowMatrix y(static_cast<Eigen::Index>(rows.size()), w.cols());
  ParallelFor(threads, Pieces(y.rows()), [&](size_t piece) {
    const Eigen::Index begin = static_cast<Eigen::Index>(piece) * kRowsPerPiece;
    const Eigen::Index end = std::min(begin + kRowsPerPiece, y.rows());
    for (Eigen::Index i = begin; i < end; ++i) {
      float* const out = y.row(i).data();
      std::fill_n(out, w.cols(), 0.0F);
      const float norm = (*a.inverse_norms)[static_cast<size_t>(i)];
      for (const Sketch::Count& count : rows[static_cast<size_t>(i)]) {
        AddScaled(w.row(count.bucket).data(), norm * tf[count.count] * (*a.idf)[count.bucket], out, w.cols());
      }
    }
  });
  return y;
}

// A^T y: prompts x l -> kSketchBuckets x l. A piece owns a range of buckets, so every sum runs over the prompts in
// order.
RowMatrix MultiplyTransposed(const SparseCounts& a, const RowMatrix& y, int threads) {
  const auto& rows = *a.rows;
  const std::array<float, 256>& tf = SublinearTf();
  RowMatrix z = RowMatrix::Zero(kSketchBuckets, y.cols());
  ParallelFor(threads, kBucketPieces, [&](size_t piece) {
    constexpr size_t kWidth = kSketchBuckets / kBucketPieces;
    const Sketch::Count first{static_cast<uint16_t>(piece * kWidth), 0};
    const size_t end = (piece + 1) * kWidth;
    for (size_t i = 0; i < rows.size(); ++i) {
      const float norm = (*a.inverse_norms)[i];
      const float* const from = y.row(static_cast<Eigen::Index>(i)).data();
      auto count = std::lower_bound(rows[i].begin(), rows[i].end(), first);
      for (; count != rows[i].end() && count->bucket < end; ++count) {
        AddScaled(from, norm * tf[count->count] * (*a.idf)[count->bucket], z.row(count->bucket).data(), y.cols());
      }
    }
  });
  return z;
}

// m^T m in double.
Eigen::MatrixXd Gram(const RowMatrix& m, int threads) {
  constexpr Eigen::Index kGroupRows = 16 * kRowsPerPiece;  // whose sums share a matrix
  const auto pieces = static_cast<size_t>((m.rows() + kGroupRows - 1) / kGroupRows);
  std::vector<Eigen::MatrixXd> partial(pieces, Eigen::MatrixXd::Zero(m.cols(), m.cols()));
  ParallelFor(threads, pieces, [&](size_t piece) {
    const Eigen::Index begin = static_cast<Eigen::Index>(piece) * kGroupRows;
    const Eigen::Index stop = std::min(begin + kGroupRows, m.rows());
    for (Eigen::Index row = begin; row < stop; row += kRowsPerPiece) {
      const Eigen::MatrixXd block = m.middleRows(row, std::min(kRowsPerPiece, stop - row)).cast<double>();
      partial[piece].noalias() += block.transpose() * block;
    }
  });
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(m.cols(), m.cols());
  for (const Eigen::MatrixXd& part : partial) sum += part;
  return sum;
}

// m t, by pieces.
RowMatrix Transform(const RowMatrix& m, const Eigen::MatrixXf& t, int threads) {
  RowMatrix out(m.rows(), t.cols());
  ParallelFor(threads, Pieces(m.rows()), [&](size_t piece) {
    const Eigen::Index begin = static_cast<Eigen::Index>(piece) * kRowsPerPiece;
    const Eigen::Index size = std::min(kRowsPerPiece, m.rows() - begin);
    out.middleRows(begin, size).noalias() = m.middleRows(begin, size) * t;
  });
  return out;
}

// Columns that span m's columns, orthonormal; fewer where m has a smaller rank. From the eigenvectors of m^T m, twice,
// since once leaves errors of the order of m's squared condition number.
RowMatrix Orthonormalise(RowMatrix m, int threads) {
  for (int pass = 0; pass < 2; ++pass) {
    if (m.cols() == 0) return m;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(Gram(m, threads));
    const Eigen::VectorXd& values = eigen.eigenvalues();  // rising
    const double largest = values[values.size() - 1];
    Eigen::Index rank = 0;
    while (rank < values.size() && values[values.size() - 1 - rank] > largest * kRankTolerance) ++rank;
    const Eigen::VectorXd inverse_lengths = values.tail(rank).cwiseSqrt().cwiseInverse();
    const Eigen::MatrixXd basis = eigen.eigenvectors().rightCols(rank) * inverse_lengths.asDiagonal();
    m = Transform(m, basis.cast<float>(), threads);
  }
  return m;
}

RowMatrix GaussianBlock(Eigen::Index rows, Eigen::Index columns, uint64_t seed) {
  RowMatrix block(rows, columns);
  Random random(seed);
  for (Eigen::Index i = 0; i < block.size(); ++i) block.data()[i] = random.Gaussian();
  return block;
}

void FixSigns(RowMatrix& m) {
  for (Eigen::Index k = 0; k < m.cols(); ++k) {
    Eigen::Index largest;
    m.col(k).cwiseAbs().maxCoeff(&largest);
    if (m(largest, k) < 0) m.col(k) = -m.col(k);
  }
}

}  // namespace

SvdResult RandomizedSvd(const SparseCounts& a, const SvdOptions& options, const std::function<void(double)>& progress) {
  const auto prompts = static_cast<Eigen::Index>(a.rows->size());
  const Eigen::Index width = std::min<Eigen::Index>(options.dimensions + options.oversampling, prompts);
  const double steps = 2 * options.power_iterations + 2;
  double done = 0;
  const auto advance = [&] {
    if (progress) progress(++done / steps);
  };
  const auto range_of_transpose = [&](const RowMatrix& y) {
    return Orthonormalise(MultiplyTransposed(a, y, options.threads), options.threads);
  };
  RowMatrix w = range_of_transpose(GaussianBlock(prompts, width, options.seed));
  advance();
  for (int i = 0; i < options.power_iterations; ++i) {
    const RowMatrix y = Multiply(a, w, options.threads);
    advance();
    w = range_of_transpose(y);
    advance();
  }
  if (w.cols() == 0) return {};
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(Gram(Multiply(a, w, options.threads), options.threads));
  advance();
  const Eigen::Index d = std::min<Eigen::Index>(options.dimensions, w.cols());
  SvdResult result;
  result.singular_values = eigen.eigenvalues().tail(d).reverse().cwiseMax(0).cwiseSqrt();
  result.right = Transform(w, eigen.eigenvectors().rightCols(d).rowwise().reverse().cast<float>(), options.threads);
  FixSigns(result.right);
  return result;
}

}  // namespace suffice
