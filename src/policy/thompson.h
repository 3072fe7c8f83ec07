// The propensities of Gaussian Thompson sampling.
// Thread contract: pure functions.
#pragma once

#include <span>

namespace suffice {

// One tier's draw: N(mean, deviation^2).
struct GaussianDraw {
  double mean = 0;
  double deviation = 0;  // >= 0
};

// probabilities[a] = P(the draw of a is the largest of independent draws)
//   = integral of phi((t - m_a)/s_a)/s_a prod_{b != a} Phi((t - m_b)/s_b) dt,
// within 1e-7, summing to 1 within 1e-12. Draws without spread are points; equal points share equally.
// Integrates by Gauss-Legendre on panels no wider than two deviations of any tier that is not flat there, so that it
// is right however the deviations differ. Allocates nothing.
// REQUIRES: 1 <= draws.size() == probabilities.size() <= kMaxCandidates, all finite.
void ProbabilityOfLargest(std::span<const GaussianDraw> draws, std::span<double> probabilities);

}  // namespace suffice
