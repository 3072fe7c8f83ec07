// Gives logged decisions the x of a feature set, so that the folds need not. Thread contract: a pure function.
#pragma once

#include <vector>

#include "features/feature_set.h"
#include "log/records.h"

namespace suffice {

// A row that was made with other features gets its x from its sketch; one that has none keeps what it has. `threads`: at
// most 2 are of use.
void ProjectRows(const FeatureSet& features, int threads, std::vector<ObservedDecision>& rows);

}  // namespace suffice
