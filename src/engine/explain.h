// Why a decision fell as it did, from its row and a snapshot.
// Thread contract: pure functions.
#pragma once

#include "learner/snapshot.h"
#include "log/records.h"
#include "suffice/types.h"

namespace suffice {

// `made_with`: the configuration that the decision was made under. Contributions are computed with `snapshot`, which
// may be a newer one than the decision's; the explanation names both.
Explanation ExplainDecision(const DecisionRecord& decision, const Config& made_with, const Snapshot& snapshot);

}  // namespace suffice
