// What would have changed a decision, in sentences, from its row alone.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "log/records.h"
#include "suffice/config.h"
#include "suffice/types.h"

namespace suffice {

// Why a tier was out, as a clause: "a hard budget did not cover it". REQUIRES: reason is not kNone.
std::string_view WordsOf(ExclusionReason reason);

// First what ruled (the caller, limits that cannot be met together, other draws), then a sentence or more for each
// other tier: what stood against it, the quality or price that would have given it the best score, and the prices of a
// dollar and of a late answer beyond which it is preferred. Scores and prices are the row's, in natural units: score =
// quality price * quality - dollar price * cost - late price * P(late). `draw`: see DrawNumber.
// Under policy threshold, whose choice no score moves, the sentence is about P(strong wins), alpha and quality.
std::vector<std::string> FlipsOf(const DecisionRecord& decision, double draw, const PolicyConfig& policy);

}  // namespace suffice
