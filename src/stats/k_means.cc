#include "stats/k_means.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

namespace suffice {
namespace {

// Squared distance of every point to its nearest centre, given that to the centres before this one.
void TakeCentre(const Eigen::MatrixXf& points, const Eigen::VectorXf& centre, Eigen::VectorXd& nearest) {
  for (Eigen::Index i = 0; i < points.cols(); ++i) {
    nearest[i] = std::min(nearest[i], static_cast<double>((points.col(i) - centre).squaredNorm()));
  }
}

// A point drawn in proportion to `weights`; -1 when they are all 0.
Eigen::Index Draw(const Eigen::VectorXd& weights, std::mt19937_64& random) {
  const double total = weights.sum();
  if (!(total > 0)) return -1;
  double left = static_cast<double>(random() >> 11) * 0x1p-53 * total;
  Eigen::Index last = -1;
  for (Eigen::Index i = 0; i < weights.size(); ++i) {
    if (!(weights[i] > 0)) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}

Eigen::MatrixXf Start(const Eigen::MatrixXf& points, int k, uint64_t seed) {
  std::mt19937_64 random(seed);
  Eigen::MatrixXf centres(points.rows(), k);
  Eigen::VectorXd nearest = Eigen::VectorXd::Constant(points.cols(), std::numeric_limits<double>::infinity());
  auto point = static_cast<Eigen::Index>(random() % static_cast<uint64_t>(points.cols()));
  int count = 0;
  for (; count < k && point >= 0; ++count) {
    centres.col(count) = points.col(point);
    TakeCentre(points, centres.col(count), nearest);
    point = Draw(nearest, random);
  }
  return centres.leftCols(count);
}

// Whether any point changed its cluster.
bool Assign(const Eigen::MatrixXf& points, const Eigen::MatrixXf& centres, std::vector<int>& cluster_of) {
  bool moved = false;
  for (Eigen::Index i = 0; i < points.cols(); ++i) {
    Eigen::Index nearest = 0;
    (centres.colwise() - points.col(i)).colwise().squaredNorm().minCoeff(&nearest);
    int& cluster = cluster_of[static_cast<size_t>(i)];
    moved = moved || cluster != nearest;
    cluster = static_cast<int>(nearest);
  }
  return moved;
}

// A cluster that lost all its points keeps its centre.
void MoveCentres(const Eigen::MatrixXf& points, const std::vector<int>& cluster_of, Eigen::MatrixXf& centres) {
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(centres.rows(), centres.cols());
  std::vector<int64_t> sizes(static_cast<size_t>(centres.cols()));
  for (Eigen::Index i = 0; i < points.cols(); ++i) {
    const int cluster = cluster_of[static_cast<size_t>(i)];
    sums.col(cluster) += points.col(i).cast<double>();
    ++sizes[static_cast<size_t>(cluster)];
  }
  for (Eigen::Index c = 0; c < centres.cols(); ++c) {
    const int64_t size = sizes[static_cast<size_t>(c)];
    if (size > 0) centres.col(c) = (sums.col(c) / static_cast<double>(size)).cast<float>();
  }
}

Clusters LargestFirst(const Eigen::MatrixXf& centres, const std::vector<int>& cluster_of) {
  std::vector<int64_t> sizes(static_cast<size_t>(centres.cols()));
  for (const int cluster : cluster_of) ++sizes[static_cast<size_t>(cluster)];
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  while (!order.empty() && sizes[order.back()] == 0) order.pop_back();
  Clusters clusters;
  clusters.centres.resize(centres.rows(), static_cast<Eigen::Index>(order.size()));
  std::vector<int> place(sizes.size());
  for (size_t c = 0; c < order.size(); ++c) {
    clusters.centres.col(static_cast<Eigen::Index>(c)) = centres.col(static_cast<Eigen::Index>(order[c]));
    clusters.sizes.push_back(sizes[order[c]]);
    place[order[c]] = static_cast<int>(c);
  }
  for (const int cluster : cluster_of) clusters.cluster_of.push_back(place[static_cast<size_t>(cluster)]);
  return clusters;
}

}  // namespace

Clusters KMeans(const Eigen::MatrixXf& points, int k, uint64_t seed, int rounds) {
  Eigen::MatrixXf centres = Start(points, k, seed);
  std::vector<int> cluster_of(static_cast<size_t>(points.cols()), -1);
  for (int round = 0; round < rounds && Assign(points, centres, cluster_of); ++round) {
    MoveCentres(points, cluster_of, centres);
  }
  return LargestFirst(centres, cluster_of);
}

}  // namespace suffice
