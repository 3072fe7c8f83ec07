#include "engine/budget_fold.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>

#include "base/money.h"
#include "base/status_macros.h"
#include "limits/calendar.h"

namespace suffice {
namespace {

constexpr int64_t kPage = 1024;
constexpr int64_t kDayUs = 24 * int64_t{3'600'000'000};
constexpr int64_t kProfileUs = 14 * kDayUs;  // what is older weighs next to nothing in a profile
constexpr int64_t kSlackUs = 60'000'000;     // rows are in the order of their commit, not quite of their time

bool IsSoft(const Budget& budget) { return budget.kind == BudgetKind::kSoft; }

// The earliest time that matters now.
int64_t StartOfInterest(const std::vector<Budget>& budgets, int64_t now_us) {
  int64_t start_us = StartOfPeriods(budgets, now_us);
  if (std::any_of(budgets.begin(), budgets.end(), IsSoft)) start_us = std::min(start_us, now_us - kProfileUs);
  return start_us - kSlackUs;
}

// The last place in [0, last] behind which everything is of `time_us` or later, given the time behind a place (nothing:
// the end).
absl::StatusOr<int64_t> PlaceBefore(int64_t last, int64_t time_us,
                                    const std::function<absl::StatusOr<int64_t>(int64_t)>& time_behind) {
  int64_t low = 0, high = last;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    SUFFICE_ASSIGN_OR_RETURN(const int64_t behind, time_behind(middle));
    if (behind < time_us) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::StatusOr<int64_t> DecisionTimeBehind(EventLog& log, int64_t seq) {
  int64_t time_us = INT64_MAX;
  SUFFICE_RETURN_IF_ERROR(log.ScanDecisions(seq, 1, [&](const DecisionRecord& row) {
    time_us = row.time_us;
    return false;
  }));
  return time_us;
}

absl::StatusOr<int64_t> OutcomeTimeBehind(EventLog& log, int64_t seq) {
  SUFFICE_ASSIGN_OR_RETURN(const LogTail tail, log.ReadTail({seq, INT64_MAX}, 1));
  return tail.touched.empty() || !tail.touched[0].outcome ? INT64_MAX : tail.touched[0].outcome->time_us;
}

}  // namespace

int64_t StartOfPeriods(const std::vector<Budget>& budgets, int64_t now_us) {
  int64_t start_us = now_us;
  for (const Budget& budget : budgets) {
    absl::TimeZone zone = absl::UTCTimeZone();
    absl::LoadTimeZone(budget.time_zone, &zone);
    start_us = std::min(start_us, PeriodAt(budget.period, zone, now_us).start_us);
  }
  return start_us;
}

LedgerDecision LedgerDecisionOf(const DecisionRecord& row) {
  const int64_t expected = Money::FromUsd(std::max(row.cost_usd.value, 0.0)).nanos;
  return {.id = row.id,
          .tenant = row.tenant,
          .tier = row.tier,
          .time_us = row.time_us,
          // A row from before there were budgets reserved nothing.
          .worst_nanos = row.reserved_cost_nanos > 0 ? row.reserved_cost_nanos : expected,
          .expected_nanos = expected};
}

void BudgetFold::CountArrival(const std::string& tenant, int64_t time_us) {
  bool any = false, own = false;
  for (const Budget& budget : ledger.budgets()) {
    if (!IsSoft(budget)) continue;
    any = true;
    const bool each = budget.each == BudgetScope::kTenant || budget.each == BudgetScope::kTenantAndTier;
    own = own || budget.tenant == tenant || (each && budget.tenant.empty());
  }
  if (any) pacing.Add(tenant, own, time_us);
}

absl::Status BudgetFold::CatchUp(EventLog& log, int64_t now_us) {
  for (bool more = true; more;) {
    more = false;
    SUFFICE_RETURN_IF_ERROR(log.ScanDecisions(decision_seq, kPage, [&](const DecisionRecord& row) {
      more = true;
      decision_seq = row.seq;
      if (row.origin == DecisionOrigin::kEval) return true;
      CountArrival(row.tenant, row.time_us);
      ledger.Fold(LedgerDecisionOf(row), now_us);
      ledger.Commit(row.id);
      return true;
    }));
  }
  for (bool more = true; more;) {
    SUFFICE_ASSIGN_OR_RETURN(const LogTail tail, log.ReadTail({outcome_seq, INT64_MAX}, kPage));
    for (const ObservedDecision& observed : tail.touched) {
      if (!observed.outcome || observed.outcome->seq <= outcome_seq) continue;
      ledger.Settle(observed.decision.id, observed.outcome->cost_nanos);
    }
    outcome_seq = tail.end.outcome_seq;
    more = tail.more;
  }
  ledger.Expire(now_us);
  return absl::OkStatus();
}

std::string BudgetFold::Serialize() const {
  ByteSink sink;
  sink.Text(ledger.Serialize());
  pacing.AppendTo(sink);
  return sink.Take();
}

absl::StatusOr<BudgetFold> BudgetFoldFromLog(EventLog& log, const std::vector<Budget>& budgets, int64_t now_us) {
  BudgetFold fold(budgets);
  if (budgets.empty()) return fold;
  const int64_t start_us = StartOfInterest(budgets, now_us);
  SUFFICE_ASSIGN_OR_RETURN(const int64_t last, log.LastDecisionSeq());
  // There are at most as many outcomes as decisions.
  SUFFICE_ASSIGN_OR_RETURN(fold.decision_seq,
                           PlaceBefore(last, start_us, [&](int64_t seq) { return DecisionTimeBehind(log, seq); }));
  SUFFICE_ASSIGN_OR_RETURN(fold.outcome_seq,
                           PlaceBefore(last, start_us, [&](int64_t seq) { return OutcomeTimeBehind(log, seq); }));
  SUFFICE_RETURN_IF_ERROR(fold.CatchUp(log, now_us));
  return fold;
}

absl::StatusOr<BudgetFold> LoadBudgetFold(EventLog& log, const std::vector<Budget>& budgets, int64_t now_us) {
  if (budgets.empty()) return BudgetFold(budgets);
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<LedgerStateRecord> newest, log.NewestLedgerState());
  if (!newest) return BudgetFoldFromLog(log, budgets, now_us);
  ByteSource source(newest->state);
  std::string bytes;
  BudgetFold fold(budgets);
  std::vector<std::string> missing;
  bool good = source.Text(bytes) && fold.pacing.ReadFrom(source);
  std::string why = "cut short";
  if (good) {
    auto ledger = Ledger::Deserialize(bytes, budgets, now_us, &missing);
    good = ledger.ok();
    if (good) {
      fold.ledger = *std::move(ledger);
    } else {
      why = std::string(ledger.status().message());
    }
  }
  if (!good) spdlog::warn("ledger state {} cannot be used; folding the log: {}", newest->number, why);
  if (!good || !missing.empty()) return BudgetFoldFromLog(log, budgets, now_us);
  fold.decision_seq = newest->decision_seq;
  fold.outcome_seq = newest->outcome_seq;
  SUFFICE_RETURN_IF_ERROR(fold.CatchUp(log, now_us));
  return fold;
}

}  // namespace suffice
