// What stands between considering a decision and choosing: budgets and the guard of the average cost. Keeps the ledger,
// the daily profile, and what is in flight.
// Thread contract: thread-safe; a lock is held for well under a microsecond a call, and none is taken while neither a
// budget nor limits.cost.mean_usd is configured.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "engine/budget_fold.h"
#include "engine/cost_guard.h"
#include "engine/decide.h"
#include "learner/snapshot.h"
#include "limits/paced_budget.h"
#include "log/event_log.h"
#include "suffice/limit_status.h"

namespace suffice {

class Gate {
 public:
  explicit Gate(std::shared_ptr<const Config> config);

  // Takes other limits: accounts stay with the budgets that keep their name and what they count; where there is a new
  // one, its period so far is folded from the log. Blocks on I/O; decisions go on meanwhile, under the limits before.
  absl::Status Reload(std::shared_ptr<const Config> config, EventLog& log, int64_t now_us);

  // Excludes every tier whose worst case a hard budget does not cover (kBudget), and of the rest those that the guard
  // does not allow (kCostGuard; none while the limits cannot be met together: on_infeasible says who answers then).
  // Returns why, for each tier that a budget excludes. Takes no money.
  std::vector<BudgetRefusal> Exclude(const Snapshot& snapshot, Consideration& consideration);
  // Reserves for the chosen tier and sets row.reserved_cost_nanos. When a race took the money the tier is excluded and
  // the refusal is returned: choose again.
  std::optional<BudgetRefusal> Admit(Consideration& consideration);
  // Exclude, Choose and Admit (unless request.dry_run), until a choice is admitted. Errors as Choose, and
  // RESOURCE_EXHAUSTED (reason BUDGET_EXHAUSTED, retry after the period's end) when budgets leave no tier. In modes
  // where the caller chooses budgets only count.
  absl::Status Choose(const Snapshot& snapshot, const RouteRequest& request, Consideration& consideration);

  // Whether such a decision's row must be on disk before it is answered.
  bool MustBeDurable(const DecisionRecord& row) const;
  // The row is on disk, at this place in the log.
  void Committed(const DecisionId& id, int64_t decision_seq);
  // The row could not be written: the call is not made.
  void Cancel(const DecisionId& id);
  // The outcome is on disk. Called in the order of outcome seq.
  void Settle(const DecisionId& id, int64_t cost_nanos, int64_t outcome_seq);

  // What soft budgets ask of the decisions from now on.
  std::vector<PacedBudget> PacedBudgets(int64_t now_us);
  bool has_soft_budgets() const { return has_soft_.load(std::memory_order_relaxed); }
  std::vector<BudgetStatus> Status(int64_t now_us);
  // When the earliest of the budgets' present periods began; `now_us` where there are none.
  int64_t PeriodsStart(int64_t now_us) const;
  int64_t decisions() const { return decisions_.load(std::memory_order_relaxed); }  // that were counted
  int64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }
  int64_t overdue(int64_t now_us);

  // Starts from the newest row of ledger_states, if it knows every budget, and folds the log's tail; else from the log
  // alone. Call before the first decision.
  absl::Status Restore(EventLog& log, int64_t now_us);
  // Writes a row of ledger_states when `kEventsBetweenStates` events have passed since the last, or with `always`.
  absl::Status Save(EventLog& log, int64_t now_us, bool always);
  static constexpr int64_t kEventsBetweenStates = 20'000;

  // The ledger's accounts and open decisions, as a state would have them.
  std::string SerializedLedger(int64_t now_us);

 private:
  bool active() const { return active_.load(std::memory_order_relaxed); }
  void SetFlags() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExcludeByBudgets(Consideration& consideration, std::vector<BudgetRefusal>& refusals)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExcludeByGuard(const Snapshot& snapshot, Consideration& consideration) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(DecisionRecord& row) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Refused(const Consideration& consideration, const std::vector<BudgetRefusal>& refusals);

  std::atomic<bool> active_{false}, has_soft_{false};
  std::atomic<int64_t> decisions_{0}, refusals_{0};

  mutable absl::Mutex mutex_;
  std::shared_ptr<const Config> config_ ABSL_GUARDED_BY(mutex_);
  BudgetFold fold_ ABSL_GUARDED_BY(mutex_);
  CostGuard guard_ ABSL_GUARDED_BY(mutex_);
  int64_t events_since_state_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_state_ ABSL_GUARDED_BY(mutex_) = 0;  // number
};

}  // namespace suffice
