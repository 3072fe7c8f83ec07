// How many prompts each stratum of the traffic gets, and how sure a decision was.
// Thread contract: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "log/records.h"

namespace suffice {

struct StratumSize {
  int64_t size = 0;   // decisions in it
  double weight = 1;  // of one of its decisions: how much more it is worth to look at
};

// Splits `total` over the strata in proportion to size and weight, with at least one for each that is not empty and at
// most its size (so that every decision has a known probability above 0). Deterministic; sums to the smaller of `total`
// and all there is. REQUIRES: total >= the number of strata.
std::vector<int64_t> AllocateSample(const std::vector<StratumSize>& strata, int64_t total);

// How far the best two eligible tiers of a decision lie apart: the gap of their scores in standard deviations of the
// difference of their qualities. Small: uncertain. Infinite where only one tier was eligible.
double CertaintyOf(const DecisionRecord& decision);

// Certainty in quarters of octaves, for counting: 0 is the least certain.
inline constexpr int kCertaintyBins = 64;
int CertaintyBin(double certainty);

}  // namespace suffice
