#include <cmath>
#include <limits>

#include "catch.h"
#include "stats/chi_squared.h"
#include "stats/normal.h"

namespace suffice {

TEST_CASE("the normal distribution agrees with known values") {
  CHECK(NormalDensity(0) == Approx(0.3989422804014327).epsilon(1e-14));
  CHECK(NormalCdf(0) == 0.5);
  CHECK(NormalCdf(1.959963984540054) == Approx(0.975).epsilon(1e-14));
  CHECK(NormalCdf(-6) == Approx(9.865876450376946e-10).epsilon(1e-12));
  CHECK(InverseNormalCdf(0.95) == Approx(1.6448536269514722).epsilon(1e-13));
  CHECK(InverseNormalCdf(1e-10) == Approx(-6.361340902404056).epsilon(1e-13));
}

TEST_CASE("the inverse undoes the distribution") {
  for (double p = 1e-12; p < 1; p = p < 1e-3 ? p * 3 : p + 1e-3) {
    CHECK(NormalCdf(InverseNormalCdf(p)) == Approx(p).epsilon(1e-12).margin(0));
    CHECK(InverseNormalCdf(p) == Approx(-InverseNormalCdf(1 - p)).margin(p < 1e-6 ? 1e-4 : 1e-9));
  }
  CHECK(InverseNormalCdf(0) == -std::numeric_limits<double>::infinity());
  CHECK(InverseNormalCdf(1) == std::numeric_limits<double>::infinity());
}

TEST_CASE("the table of the normal distribution is within 1e-9") {
  const NormalTable& table = NormalTable::Get();
  double cdf_error = 0, density_error = 0;
  for (double z = -9; z < 9; z += 0.0007) {
    const auto [cdf, density] = table.At(z);
    cdf_error = std::max(cdf_error, std::abs(cdf - NormalCdf(z)));
    density_error = std::max(density_error, std::abs(density - NormalDensity(z)));
  }
  CHECK(cdf_error < 1e-9);
  CHECK(density_error < 1e-9);
  CHECK(table.At(std::numeric_limits<double>::infinity()).cdf == Approx(1));
  CHECK(table.At(-std::numeric_limits<double>::infinity()).cdf < 1e-15);
}

TEST_CASE("chi-squared survival agrees with closed forms") {
  for (double x : {0.01, 0.5, 1.0, 2.0, 3.5, 10.0, 30.0}) {
    CHECK(ChiSquaredSurvival(x, 2) == Approx(std::exp(-x / 2)).epsilon(1e-10));
    CHECK(ChiSquaredSurvival(x, 1) == Approx(std::erfc(std::sqrt(x / 2))).epsilon(1e-9));
    CHECK(ChiSquaredSurvival(x, 4) == Approx(std::exp(-x / 2) * (1 + x / 2)).epsilon(1e-10));
  }
  CHECK(ChiSquaredSurvival(0, 3) == 1);
  // By Wilson and Hilferty the median of many degrees k is near k (1 - 2 / (9 k))^3.
  CHECK(ChiSquaredSurvival(999.3334, 1000) == Approx(0.5).margin(1e-4));
}

}  // namespace suffice
