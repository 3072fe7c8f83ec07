// Groups points by nearness.
// Thread contract: a pure function.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace suffice {

struct Clusters {
  Eigen::MatrixXf centres;      // dimensions x clusters, the largest cluster first
  std::vector<int> cluster_of;  // by point
  std::vector<int64_t> sizes;   // by cluster, none empty
};

// Lloyd's iterations from a k-means++ start (Arthur and Vassilvitskii 2007), drawn with `seed`; ends when nothing moves
// or after `rounds`. `points`: dimensions x n. At most `k` clusters, fewer where there are fewer different points. The
// same arguments give the same clusters. REQUIRES: n >= 1, k >= 1, finite values.
Clusters KMeans(const Eigen::MatrixXf& points, int k, uint64_t seed, int rounds = 50);

}  // namespace suffice
