// Groups of points.
#include "stats/k_means.h"

#include <random>
#include <set>

#include "catch.h"

namespace suffice {
namespace {

// `sizes[c]` points about (10 c, -10 c).
Eigen::MatrixXf Blobs(const std::vector<int>& sizes) {
  std::mt19937_64 random(3);
  std::normal_distribution<float> noise(0, 0.5F);
  int n = 0;
  for (const int size : sizes) n += size;
  Eigen::MatrixXf points(2, n);
  int i = 0;
  for (size_t c = 0; c < sizes.size(); ++c) {
    for (int k = 0; k < sizes[c]; ++k, ++i) {
      points.col(i) << 10 * static_cast<float>(c) + noise(random), -10 * static_cast<float>(c) + noise(random);
    }
  }
  return points;
}

}  // namespace

TEST_CASE("k-means finds groups that are apart, the largest first, the same each time") {
  const Eigen::MatrixXf points = Blobs({50, 120, 80});
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    const Clusters clusters = KMeans(points, 3, seed);
    CHECK(clusters.sizes == std::vector<int64_t>{120, 80, 50});
    CHECK(clusters.centres(0, 0) == Approx(10).margin(0.3));
    CHECK(clusters.centres(1, 1) == Approx(-20).margin(0.3));
    CHECK(clusters.cluster_of[0] == 2);
    CHECK(clusters.cluster_of[60] == 0);
    CHECK(KMeans(points, 3, seed).cluster_of == clusters.cluster_of);
  }
}

TEST_CASE("there are no more clusters than different points, and every point is in one") {
  Eigen::MatrixXf points(1, 6);
  points << 1, 1, 1, 5, 5, 9;
  const Clusters clusters = KMeans(points, 10, 1);
  CHECK(clusters.sizes == std::vector<int64_t>{3, 2, 1});
  CHECK(clusters.centres.cols() == 3);
  CHECK(KMeans(points.leftCols(3), 4, 1).sizes == std::vector<int64_t>{3});
  CHECK(KMeans(points.leftCols(1), 1, 1).cluster_of == std::vector<int>{0});
  const Clusters one = KMeans(points, 1, 1);
  CHECK(one.centres(0, 0) == Approx(22.0 / 6));
}

}  // namespace suffice
