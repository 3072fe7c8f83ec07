// The budget ledger: what was spent, reserved and exposed in every account of every budget's present period.
//
// A decision reserves what its call may cost; its outcome settles what it did cost; a reservation whose lease ends
// without an outcome is charged as Budget::WhenUnsettled() says and shown apart as exposure, until a late outcome takes
// the charge's place. A decision belongs to the period it was made in; what belongs to a period that has ended is
// forgotten. The ledger is a fold of decisions and outcomes plus time: it depends on which there were, not on their
// order, so folding the log again gives the same.
// Hard budgets: spent + reserved + exposure + worst <= usd, checked and taken in one step. Soft ones only count, what
// is in flight at its expected cost.
// Sums stop at the end of int64_t (9.2 billion dollars); money below 0 counts as 0, and a decision outside the calendar's
// years belongs to no period.
// Money is integer nano-dollars, times are microseconds since the epoch.
// Thread contract: thread-compatible (the caller locks).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "limits/calendar.h"
#include "suffice/config.h"
#include "suffice/decision_id.h"

namespace suffice {

// A decision as budgets see it.
struct LedgerDecision {
  DecisionId id;
  std::string_view tenant, tier;
  int64_t time_us = 0;
  int64_t worst_nanos = 0;     // what the call costs at most
  int64_t expected_nanos = 0;  // as predicted
};

// Why a hard budget does not cover a call.
struct BudgetRefusal {
  std::string budget;
  std::string tenant, tier;  // of the account; empty: all
  int64_t left_nanos = 0;
  int64_t needed_nanos = 0;
  int64_t period_end_us = 0;
  bool no_room = false;  // not for money: the ledger holds as many accounts or open decisions as it may
};

// One account, for readers.
struct LedgerAccount {
  const Budget& budget;
  std::string_view tenant, tier;  // empty: all
  Period period;
  int64_t limit_nanos = 0;
  int64_t spent_nanos = 0;     // settled by outcomes
  int64_t reserved_nanos = 0;  // in flight: at worst for hard budgets, as expected for soft ones
  int64_t exposure_nanos = 0;  // charged for decisions whose outcome never came
  int64_t denials = 0;

  int64_t LeftNanos() const;
};

class Ledger {
 public:
  struct Bounds {
    size_t accounts = 1 << 18;
    size_t open_decisions = 1 << 20;  // reserved or exposed; when full, the oldest exposed ones' charges become final
  };

  // REQUIRES: the budgets are valid (ValidateConfig).
  explicit Ledger(std::vector<Budget> budgets) : Ledger(std::move(budgets), Bounds{}) {}
  Ledger(std::vector<Budget> budgets, Bounds bounds);
  Ledger(Ledger&&) = default;
  Ledger& operator=(Ledger&&) = default;

  const std::vector<Budget>& budgets() const { return budgets_; }

  // The hard budget that keeps the call from being made, the one with the latest end of several; nothing: all cover it.
  // Changes nothing.
  std::optional<BudgetRefusal> Refusal(const LedgerDecision& decision) const;
  // Reserves in every account that counts the decision, or refuses and reserves nowhere. An id that is there already is
  // left as it is.
  std::optional<BudgetRefusal> Reserve(const LedgerDecision& decision);
  // Counts a refusal with its account: once a decision.
  void CountDenial(const BudgetRefusal& refusal, const DecisionId& id, int64_t time_us);
  // As Reserve, for a decision that was made already: never refuses. What lies in a period that has ended by `now_us`
  // is left out.
  void Fold(const LedgerDecision& decision, int64_t now_us);
  // The decision's row is on disk, and so part of Serialize.
  void Commit(const DecisionId& id);
  // Takes a reservation back: its call is not made. False: there was none.
  bool Cancel(const DecisionId& id);
  // What the call did cost. False when no account has the decision open: settled before, of a period that has ended, or
  // counted by no budget.
  bool Settle(const DecisionId& id, int64_t cost_nanos);
  // Charges reservations whose lease has ended, and forgets periods that have. Call it with the time before reading.
  void Expire(int64_t now_us);

  void ForEach(const std::function<void(const LedgerAccount&)>& visit) const;  // in a fixed order
  // Decisions that are overdue: exposed in some account.
  int64_t overdue() const { return overdue_; }
  int64_t open_decisions() const { return static_cast<int64_t>(entries_.size()); }
  bool Counts(std::string_view tenant, std::string_view tier) const;  // whether any budget does
  bool CountsHard(std::string_view tenant, std::string_view tier) const;

  // The accounts, and the open decisions whose row is on disk. Equal ledgers give equal bytes. Denials are left out.
  std::string Serialize() const;
  // Reads it for these budgets: an account stays with a budget of the same name, period, zone, scope, tenant and tier.
  // `missing`, if given, gets the names of budgets that the bytes do not know. DATA_LOSS, naming the field: malformed,
  // a time outside the calendar, or money below 0.
  static absl::StatusOr<Ledger> Deserialize(std::string_view bytes, std::vector<Budget> budgets, int64_t now_us,
                                            std::vector<std::string>* missing = nullptr);
  // Whether every one of these budgets has its accounts here: a budget of the same name, period, zone, scope, tenant
  // and tier.
  bool HasAccountsFor(const std::vector<Budget>& budgets) const;
  // Folds the open decisions of another ledger whose rows are not on disk yet.
  void TakeUncommitted(const Ledger& other, int64_t now_us);
  // The same accounts and open decisions under other budgets. New budgets get the open decisions.
  Ledger WithBudgets(std::vector<Budget> budgets, int64_t now_us) const;

 private:
  struct Account {
    size_t budget = 0;
    std::string tenant, tier;
    Period period;
    int64_t spent = 0, reserved = 0, exposure = 0;
    int64_t finally_exposed = 0;  // of decisions that are forgotten; part of `exposure`
    int64_t denials = 0;
    DecisionId last_denied;

    int64_t Used() const;
  };
  struct Charge {
    Account* account = nullptr;
    int64_t lease_end_us = 0;
    bool exposed = false;
  };
  struct Entry {
    std::string tenant, tier;
    int64_t time_us = 0;
    int64_t worst_nanos = 0, expected_nanos = 0;
    bool committed = false;
    std::vector<Charge> charges;
  };
  using Entries = absl::btree_map<DecisionId, Entry>;
  // A charge becomes exposure at its lease's end, and is forgotten at its period's.
  using Event = std::tuple<int64_t, DecisionId, Account*>;

  std::vector<const Account*> SortedAccounts() const;
  std::string Write(bool with_uncommitted) const;
  void WriteBudgets(ByteSink& sink) const;
  void WriteAccounts(ByteSink& sink) const;
  absl::Status Read(ByteSource& source, int64_t now_us, std::vector<size_t>& places);
  absl::Status ReadBudgets(ByteSource& source, std::vector<size_t>& places) const;
  absl::Status ReadAccounts(ByteSource& source, const std::vector<size_t>& places, int64_t now_us);
  absl::Status ReadOpenDecisions(ByteSource& source, int64_t now_us);
  bool IsCounted(const Budget& budget, std::string_view tenant, std::string_view tier) const;
  const Period& PeriodOf(size_t budget, int64_t time_us) const;
  const std::string& KeyOf(size_t budget, std::string_view tenant, std::string_view tier, const Period& period) const;
  const Account* Find(size_t budget, std::string_view tenant, std::string_view tier, const Period& period) const;
  Account* FindOrAdd(size_t budget, std::string_view tenant, std::string_view tier, const Period& period);
  std::optional<BudgetRefusal> RefusalOf(size_t budget, const LedgerDecision& decision) const;
  bool MakeRoom();
  void Attach(const LedgerDecision& decision, int64_t now_us);
  int64_t AmountOf(const Entry& entry, const Charge& charge) const;
  // Takes a charge's amount and event away.
  void Undo(const DecisionId& id, const Entry& entry, const Charge& charge);
  void Erase(Entries::iterator entry);
  void RunEvent(const Event& event);
  bool IsOverdue(const Entry& entry) const;
  int64_t LimitOf(const Account& account) const;
  static bool SameAccounts(const Budget& a, const Budget& b);

  std::vector<Budget> budgets_;
  std::vector<absl::TimeZone> zones_;         // by budget
  mutable std::vector<Period> last_periods_;  // by budget: most decisions fall into the last one asked for
  mutable std::string key_;                   // scratch
  Bounds bounds_;
  absl::flat_hash_map<std::string, std::unique_ptr<Account>> accounts_;
  Entries entries_;
  absl::btree_set<Event> events_;
  int64_t next_end_us_ = INT64_MAX;  // the first end of a period
  int64_t overdue_ = 0;
};

}  // namespace suffice
