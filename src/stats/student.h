// Student's t distribution, for intervals from few observations.
// Thread contract: pure functions.
#pragma once

namespace suffice {

// t with P(T <= t) = p for T with `degrees` > 0 degrees of freedom (need not be whole); beyond 1e6 of them the
// normal's. -inf at p <= 0, +inf at p >= 1.
double InverseStudentCdf(double p, double degrees);

}  // namespace suffice
