#include "evaluation/newest_decisions.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace suffice {

absl::StatusOr<std::vector<DecisionRecord>> NewestDecisions(EventLog& log, int64_t rows) {
  constexpr int64_t kPage = 4096;
  SUFFICE_ASSIGN_OR_RETURN(int64_t end, log.LastDecisionSeq());
  std::vector<DecisionRecord> decisions;  // newest first
  while (end > 0 && std::ssize(decisions) < rows) {
    const int64_t start = std::max<int64_t>(0, end - kPage);
    std::vector<DecisionRecord> page;
    SUFFICE_RETURN_IF_ERROR(log.ScanDecisions(start, end - start, [&](const DecisionRecord& decision) {
      if (decision.seq > end) return false;
      if (decision.origin != DecisionOrigin::kEval) page.push_back(decision);
      return true;
    }));
    for (auto it = page.rbegin(); it != page.rend() && std::ssize(decisions) < rows; ++it) {
      decisions.push_back(std::move(*it));
    }
    end = start;
  }
  std::reverse(decisions.begin(), decisions.end());
  return decisions;
}

}  // namespace suffice
