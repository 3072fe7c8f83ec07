#include "stats/ridge.h"

#include <Eigen/Dense>
#include <limits>
#include <random>
#include <vector>

#include "catch.h"

namespace suffice {
namespace {

struct Sample {
  std::vector<float> x;  // bias first
  double y;
};

std::vector<Sample> MakeSamples(int n, int d, uint32_t seed, double noise = 0.3) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> theta(static_cast<size_t>(d));
  for (double& t : theta) t = normal(random);
  std::vector<Sample> samples;
  for (int i = 0; i < n; ++i) {
    Sample sample{std::vector<float>(static_cast<size_t>(d), 1.0f), 0};
    for (size_t j = 1; j < sample.x.size(); ++j) sample.x[j] = static_cast<float>(normal(random));
    for (size_t j = 0; j < sample.x.size(); ++j) sample.y += theta[j] * sample.x[j];
    sample.y += noise * normal(random);
    samples.push_back(std::move(sample));
  }
  return samples;
}

RidgeStatistics Fold(const std::vector<Sample>& samples, int d) {
  RidgeStatistics statistics(d);
  for (const Sample& sample : samples) statistics.Add(sample.x, 1, sample.y);
  return statistics;
}

double Difference(const RidgeStatistics& a, const RidgeStatistics& b) {
  return (a.S() - b.S()).cwiseAbs().maxCoeff() + (a.b() - b.b()).cwiseAbs().maxCoeff() + std::abs(a.n() - b.n()) +
         std::abs(a.yy() - b.yy()) + std::abs(a.y_sum() - b.y_sum());
}

}  // namespace

TEST_CASE("statistics are the sums they are named after") {
  RidgeStatistics statistics(2);
  statistics.Add(std::vector<float>{1, 2}, 1, 3);
  statistics.Add(std::vector<float>{1, -1}, 2, 5);
  const Eigen::MatrixXd s = statistics.S();
  CHECK(s(0, 0) == 3);
  CHECK(s(0, 1) == 0);
  CHECK(s(1, 0) == 0);
  CHECK(s(1, 1) == 6);
  CHECK(statistics.S(1)(0, 0) == 3);
  CHECK(statistics.b()[0] == 13);
  CHECK(statistics.b()[1] == -4);
  CHECK(statistics.n() == 3);
  CHECK(statistics.yy() == 59);
  CHECK(statistics.y_sum() == 13);
}

TEST_CASE("the ridge solution is the textbook one") {
  constexpr int kD = 9;
  const std::vector<Sample> samples = MakeSamples(200, kD, 1);
  const RidgeStatistics statistics = Fold(samples, kD);
  for (int d : {1, 2, 5, kD}) {
    RidgePrior prior;
    prior.precision = 4;
    prior.mean = 0.7;
    prior.weight = 3;
    const RidgeSolution solution = SolveRidge(statistics, d, prior);

    Eigen::MatrixXd x(200, d);
    Eigen::VectorXd y(200);
    for (int i = 0; i < 200; ++i) {
      for (int j = 0; j < d; ++j) x(i, j) = samples[i].x[j];
      y[i] = samples[i].y;
    }
    Eigen::VectorXd precision = Eigen::VectorXd::Constant(d, 4);
    precision[0] = 3.001;
    Eigen::MatrixXd a = x.transpose() * x;
    a += precision.asDiagonal();
    Eigen::VectorXd target = x.transpose() * y;
    target[0] += 3.001 * 0.7;
    const Eigen::VectorXd theta = a.fullPivLu().solve(target);
    CHECK((solution.theta - theta).norm() < 1e-10);
    const double rss = (y - x * theta).squaredNorm();
    CHECK(solution.residual_variance == Approx((10 * 0.0625 + rss) / 210).epsilon(1e-9));
    const Eigen::VectorXd probe = x.row(17);
    const double leverage = probe.dot(a.fullPivLu().solve(probe));
    CHECK((solution.inverse_factor * probe.cast<float>()).squaredNorm() == Approx(leverage).epsilon(1e-5));
    CHECK(solution.n == 200);
  }
}

TEST_CASE("without observations the solution is the prior") {
  RidgePrior prior;
  prior.mean = 0.8;
  prior.weight = 2;
  for (int d : {1, 65}) {
    const RidgeSolution solution = SolveRidge(RidgeStatistics(65), d, prior);
    CHECK(solution.theta[0] == Approx(0.8));
    CHECK(solution.theta.tail(d - 1).cwiseAbs().sum() == 0);
    CHECK(solution.residual_variance == Approx(0.0625));
    CHECK(solution.n == 0);
    CHECK(solution.inverse_factor(0, 0) == Approx(1 / std::sqrt(2.001)));
  }
}

TEST_CASE("the prior mean weighs as many observations as it says") {
  RidgeStatistics statistics(1);
  for (int i = 0; i < 30; ++i) statistics.Add(std::vector<float>{1}, 1, 1.0);
  RidgePrior prior;
  prior.bias_precision = 0;
  prior.mean = 0;
  prior.weight = 10;
  CHECK(SolveRidge(statistics, 1, prior).theta[0] == Approx(0.75));
}

TEST_CASE("observations that are all taken back leave the prior, whatever rounding left") {
  const std::vector<Sample> samples = MakeSamples(500, 20, 3);
  RidgeStatistics statistics = Fold(samples, 20);
  for (auto it = samples.rbegin(); it != samples.rend(); ++it) statistics.Add(it->x, -1, it->y);
  CHECK(Difference(statistics, RidgeStatistics(20)) < 1e-9);
  RidgePrior prior;
  prior.mean = 0.5;
  prior.weight = 1;
  const RidgeSolution solution = SolveRidge(statistics, 20, prior);
  CHECK(solution.theta[0] == Approx(0.5));
  CHECK(solution.residual_variance == Approx(0.0625));
  CHECK(solution.n >= 0);
}

TEST_CASE("a perfect fit has no negative residual variance") {
  const std::vector<Sample> samples = MakeSamples(300, 8, 4, 0);
  RidgePrior prior;
  prior.precision = 1e-9;
  prior.bias_precision = 1e-9;
  prior.variance_weight = 0;
  const double variance = SolveRidge(Fold(samples, 8), 8, prior).residual_variance;
  CHECK(variance >= 0);
  CHECK(variance < 1e-9);
}

TEST_CASE("merging is adding") {
  const std::vector<Sample> samples = MakeSamples(100, 12, 5);
  RidgeStatistics left = Fold({samples.begin(), samples.begin() + 37}, 12);
  left.AddScaled(Fold({samples.begin() + 37, samples.end()}, 12), 1);
  CHECK(Difference(left, Fold(samples, 12)) < 1e-10);
}

TEST_CASE("statistics survive their encoding exactly") {
  const RidgeStatistics statistics = Fold(MakeSamples(50, 17, 6), 17);
  std::string bytes;
  statistics.AppendTo(bytes);
  bytes += "rest";
  std::string_view view = bytes;
  const auto read = RidgeStatistics::Read(view);
  REQUIRE(read.ok());
  CHECK(Difference(*read, statistics) == 0);
  CHECK(view == "rest");
}

TEST_CASE("damaged statistics are refused") {
  std::string bytes;
  Fold(MakeSamples(5, 3, 7), 3).AppendTo(bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    std::string_view cut(bytes.data(), length);
    CHECK(RidgeStatistics::Read(cut).status().code() == absl::StatusCode::kInvalidArgument);
  }
  std::string huge = bytes;
  huge[3] = '\x7f';
  std::string_view view = huge;
  CHECK_FALSE(RidgeStatistics::Read(view).ok());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  bytes.replace(4, sizeof nan, reinterpret_cast<const char*>(&nan), sizeof nan);
  view = bytes;
  CHECK_FALSE(RidgeStatistics::Read(view).ok());
}

}  // namespace suffice
