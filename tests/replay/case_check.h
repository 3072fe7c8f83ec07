// Compares one answer with what a case expects of it.
// Thread contract: pure functions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/snapshot.h"
#include "log/records.h"
#include "replay/case_file.h"

namespace suffice {

using Problems = std::function<void(const std::string& what)>;

// What the file states, and what holds of every decision: propensities sum to 1 and are 0 where a tier is excluded;
// the row alone, as it is written and read, gives the same ones.
void CheckAnswer(const Expectation& expect, const absl::StatusOr<DecisionRecord>& answer, const Snapshot& snapshot,
                 const std::vector<BudgetStatus>& budgets, const Problems& problem);

}  // namespace suffice
