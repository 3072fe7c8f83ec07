// The chi-squared distribution, for tests of goodness of fit.
// Thread contract: pure functions.
#pragma once

namespace suffice {

// P(X > x) for X chi-squared with `degrees` > 0 degrees of freedom: the regularised upper incomplete gamma function
// Q(degrees / 2, x / 2), within 1e-10.
double ChiSquaredSurvival(double x, double degrees);

}  // namespace suffice
