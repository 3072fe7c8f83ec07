#include "stats/normal.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace suffice {
namespace {

// Rational approximation of P. J. Acklam, relative error under 1.2e-9, for 0 < p <= 1/2.
double RoughInverse(double p) {
  if (p < 0.02425) {
    const double q = std::sqrt(-2 * std::log(p));
    return (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e+00) * q -
              2.549732539343734e+00) *
                 q +
             4.374664141464968e+00) *
                q +
            2.938163982698783e+00) /
           ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e+00) * q +
             3.754408661907416e+00) *
                q +
            1);
  }
  const double q = p - 0.5, r = q * q;
  return (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r +
            1.383577518672690e+02) *
               r -
           3.066479806614716e+01) *
              r +
          2.506628277459239e+00) *
         q /
         (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r +
            6.680131188771972e+01) *
               r -
           1.328068155288572e+01) *
              r +
          1);
}

}  // namespace

double NormalDensity(double z) { return std::exp(-0.5 * z * z) * std::numbers::inv_sqrtpi / std::numbers::sqrt2; }

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

double InverseNormalCdf(double p) {
  if (p <= 0) return -std::numeric_limits<double>::infinity();
  if (p >= 1) return std::numeric_limits<double>::infinity();
  if (p > 0.5) return -InverseNormalCdf(1 - p);
  const double z = RoughInverse(p);
  // One step of Halley's method on NormalCdf(z) - p.
  const double step = (NormalCdf(z) - p) / NormalDensity(z);
  return z - step / (1 + 0.5 * z * step);
}

const NormalTable& NormalTable::Get() {
  static const NormalTable table;
  return table;
}

NormalTable::NormalTable() {
  for (size_t i = 0; i < points_.size(); ++i) {
    const double z = static_cast<double>(i) / kPerUnit - kLimit;
    points_[i] = {NormalCdf(z), NormalDensity(z)};
  }
}

}  // namespace suffice
