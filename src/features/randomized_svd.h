// Randomised SVD of a sparse matrix of weighted counts. Internal to this room.
// Thread contract: SparseCounts is immutable while used. Results are the same, bit for bit, for any number of threads.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <functional>
#include <vector>

#include "features/sketch.h"

namespace suffice {

// Dense blocks: a row per prompt or bucket.
using RowMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The matrix A of prompts x kSketchBuckets with A[i][b] = tf(count) * idf[b] / |row i|.
struct SparseCounts {
  const std::vector<std::vector<Sketch::Count>>* rows;
  const std::vector<float>* idf;            // kSketchBuckets; 0: the bucket is left out
  const std::vector<float>* inverse_norms;  // a prompt each
};

struct SvdOptions {
  int dimensions = 64;
  int oversampling = 16;
  int power_iterations = 3;
  int threads = 2;
  uint64_t seed = 1;
};

struct SvdResult {
  RowMatrix right;                  // kSketchBuckets x d right singular vectors, by falling singular value
  Eigen::VectorXd singular_values;  // d; d is smaller than asked for where the rank is
};

// Halko, Martinsson and Tropp 2011 (arXiv 0909.4061): the range of A^T by algorithm 4.4 (randomised subspace
// iteration), then the singular vectors within it. Each vector's sign is such that its largest entry by magnitude is
// positive.
SvdResult RandomizedSvd(const SparseCounts& a, const SvdOptions& options, const std::function<void(double)>& progress);

}  // namespace suffice
