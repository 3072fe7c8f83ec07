#include "stats/student.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>

#include "stats/normal.h"

namespace suffice {

double InverseStudentCdf(double p, double degrees) {
  constexpr double kFewest = 0.5;  // fewer have no use, and overflow
  if (!(p > 0) || p >= 1 || degrees > 1e6) return InverseNormalCdf(p);
  return boost::math::quantile(boost::math::students_t(std::max(degrees, kFewest)), p);
}

}  // namespace suffice
