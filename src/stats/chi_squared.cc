#include "stats/chi_squared.h"

#include <cmath>

namespace suffice {
namespace {

constexpr double kTolerance = 1e-15;
constexpr int kIterations = 100000;  // both expansions need about sqrt(a) terms near x = a

// P(a, x) by its power series; converges fast for x < a + 1.
double LowerSeries(double a, double x, double scale) {
  double term = 1 / a, sum = term;
  for (int k = 1; k < kIterations && term > kTolerance * sum; ++k) {
    term *= x / (a + k);
    sum += term;
  }
  return sum * scale;
}

// Q(a, x) by its continued fraction (Lentz's method); converges fast for x > a + 1.
double UpperFraction(double a, double x, double scale) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, product = d;
  for (int k = 1; k < kIterations; ++k) {
    const double numerator = -k * (k - a);
    b += 2;
    d = numerator * d + b;
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    c = b + numerator / c;
    if (std::abs(c) < kTiny) c = kTiny;
    product *= c * d;
    if (std::abs(c * d - 1) < kTolerance) break;
  }
  return product * scale;
}

}  // namespace

double ChiSquaredSurvival(double x, double degrees) {
  if (x <= 0) return 1;
  const double a = degrees / 2, half = x / 2;
  int sign = 1;
  const double scale = std::exp(a * std::log(half) - half - ::lgamma_r(a, &sign));
  return half < a + 1 ? 1 - LowerSeries(a, half, scale) : UpperFraction(a, half, scale);
}

}  // namespace suffice
