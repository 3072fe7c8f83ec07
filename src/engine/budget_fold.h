// The ledger and the daily profile as a fold of the event log, and the states that a restart begins from.
// Thread contract: thread-compatible.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "limits/ledger.h"
#include "limits/pacing.h"
#include "log/event_log.h"
#include "suffice/config.h"

namespace suffice {

struct BudgetFold {
  explicit BudgetFold(std::vector<Budget> budgets) : ledger(std::move(budgets)) {}

  Ledger ledger;
  Pacing pacing;
  int64_t decision_seq = 0;  // the last ones in it
  int64_t outcome_seq = 0;

  // One decision that was made: its time for the profile, where a soft budget wants one.
  void CountArrival(const std::string& tenant, int64_t time_us);
  // Folds what the log has after the two places. Blocks on I/O.
  absl::Status CatchUp(EventLog& log, int64_t now_us);

  std::string Serialize() const;
};

// From the newest row of ledger_states where it knows every budget, else from the log: the present periods, and for the
// profile the last weeks.
absl::StatusOr<BudgetFold> LoadBudgetFold(EventLog& log, const std::vector<Budget>& budgets, int64_t now_us);
absl::StatusOr<BudgetFold> BudgetFoldFromLog(EventLog& log, const std::vector<Budget>& budgets, int64_t now_us);

// When the earliest of the present periods began; `now_us` where there are none.
int64_t StartOfPeriods(const std::vector<Budget>& budgets, int64_t now_us);

// A row's decision as budgets see it.
LedgerDecision LedgerDecisionOf(const DecisionRecord& row);

}  // namespace suffice
