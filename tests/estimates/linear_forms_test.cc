#include "estimates/linear_forms.h"

#include <random>

#include "catch.h"

namespace suffice {
namespace {

std::vector<float> RandomX(Eigen::Index d, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  std::vector<float> x;
  for (Eigen::Index i = 0; i < d; ++i) x.push_back(normal(random));
  return x;
}

}  // namespace

TEST_CASE("means of models of different sizes are added up in the order of x") {
  std::mt19937_64 random(1);
  for (const Eigen::Index d : {1, 2, 15, 64, 129}) {
    const Eigen::VectorXd whole = Eigen::VectorXd::Random(d), part = Eigen::VectorXd::Random((d + 1) / 2);
    const std::array<const Eigen::VectorXd*, 2> thetas = {&part, &whole};
    const std::vector<float> x = RandomX(d, random);
    const auto means = StackedCoefficients(thetas).At(x);
    for (size_t k = 0; k < thetas.size(); ++k) {
      double mean = 0;
      for (Eigen::Index i = 0; i < thetas[k]->size(); ++i) mean += (*thetas[k])[i] * x[static_cast<size_t>(i)];
      CHECK(means[k] == mean);
    }
    CHECK(means[2] == 0);
  }
}

TEST_CASE("leverage is that of the triangle, whatever its size") {
  std::mt19937_64 random(2);
  for (Eigen::Index d = 1; d <= 70; ++d) {
    const Eigen::MatrixXf w = Eigen::MatrixXf::Random(d, d).triangularView<Eigen::Lower>();
    // What is behind the dimensions in use is not looked at.
    const std::vector<float> x = RandomX(d + 3, random);
    const Eigen::VectorXd wide = Eigen::Map<const Eigen::VectorXf>(x.data(), d).cast<double>();
    CHECK(LeverageForm(w).At(x) == Approx((w.cast<double>() * wide).squaredNorm()).epsilon(1e-5));
  }
  CHECK(LeverageForm().At({}) == 0);
}

}  // namespace suffice
