#include <cassert>

#include "base/hash.h"
#include "policy/policy.h"

namespace suffice {

double DrawNumber(const DecisionId& id, uint64_t seed) { return UnitInterval(Hash64(id.Raw(), seed)); }

int Draw(std::span<const Candidate> candidates, double u) {
  assert(0 <= u && u < 1);
  int last = -1;
  double cumulative = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].propensity <= 0) continue;
    last = static_cast<int>(i);
    cumulative += candidates[i].propensity;
    if (u < cumulative) return last;
  }
  assert(last >= 0);
  return last;  // rounding left the sum a little under u
}

}  // namespace suffice
