#include "engine/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/money.h"
#include "base/status_macros.h"
#include "suffice/status.h"

namespace suffice {
namespace {

// Never less than the dollars say.
int64_t NanosAtLeast(double usd) { return static_cast<int64_t>(std::ceil(usd * 1e9)); }

bool IsEligible(const TierView& view) { return view.exclusion == ExclusionReason::kNone; }

LedgerDecision ConsideredAt(const DecisionRecord& row, const TierView& view) {
  return {.id = row.id,
          .tenant = row.tenant,
          .tier = view.tier,
          .time_us = row.time_us,
          .worst_nanos = NanosAtLeast(std::max(view.worst_cost_usd, 0.0)),
          .expected_nanos = Money::FromUsd(std::max(view.cost_usd, 0.0)).nanos};
}

bool IsFree(const Price& price) {
  return price.input_usd_per_mtok == 0 && price.output_usd_per_mtok == 0 &&
         price.cached_input_usd_per_mtok.value_or(0) == 0 && price.reasoning_usd_per_mtok.value_or(0) == 0;
}

// A worst case of 0 means that it is not known, unless the tier is free.
bool HasWorstCase(const TierView& view, const Config& config, int64_t now_us) {
  if (view.worst_cost_usd > 0) return true;
  const int index = config.TierIndex(view.tier);
  return index >= 0 && IsFree(config.tiers[index].PriceAt(now_us));
}

std::string AccountName(const BudgetRefusal& refusal) {
  std::string name = refusal.budget;
  if (!refusal.tenant.empty()) name += fmt::format(" of tenant {}", refusal.tenant);
  if (!refusal.tier.empty()) name += fmt::format(" of tier {}", refusal.tier);
  return name;
}

std::string DetailOf(const BudgetRefusal& refusal) {
  if (refusal.no_room) {
    return fmt::format("budget {}: too many accounts, or decisions without an outcome, to keep", AccountName(refusal));
  }
  return fmt::format("budget {} has ${:.6g} left, the call may cost ${:.6g}", AccountName(refusal),
                     Money{std::max<int64_t>(0, refusal.left_nanos)}.Usd(), Money{refusal.needed_nanos}.Usd());
}

size_t IndexOf(const DecisionRecord& row, const std::string& tier) {
  const auto found =
      std::find_if(row.tiers.begin(), row.tiers.end(), [&](const TierView& v) { return v.tier == tier; });
  return static_cast<size_t>(found - row.tiers.begin());
}

}  // namespace

Gate::Gate(std::shared_ptr<const Config> config) : config_(std::move(config)), fold_(config_->limits.cost.budgets) {
  absl::MutexLock lock(&mutex_);
  SetFlags();
}

void Gate::SetFlags() {
  const CostLimits& cost = config_->limits.cost;
  has_soft_ = std::any_of(cost.budgets.begin(), cost.budgets.end(),
                          [](const Budget& budget) { return budget.kind == BudgetKind::kSoft; });
  active_ = !cost.budgets.empty() || cost.mean_usd > 0;
}

absl::Status Gate::Reload(std::shared_ptr<const Config> config, EventLog& log, int64_t now_us) {
  const std::vector<Budget>& budgets = config->limits.cost.budgets;
  bool has_new;
  {
    absl::MutexLock lock(&mutex_);
    has_new = !fold_.ledger.HasAccountsFor(budgets);
    if (!has_new) {
      config_ = std::move(config);
      fold_.ledger = fold_.ledger.WithBudgets(config_->limits.cost.budgets, now_us);
      SetFlags();
      return absl::OkStatus();
    }
  }
  // Most of the log without the lock, the rest with it.
  SUFFICE_ASSIGN_OR_RETURN(BudgetFold fold, BudgetFoldFromLog(log, budgets, now_us));
  absl::MutexLock lock(&mutex_);
  SUFFICE_RETURN_IF_ERROR(fold.CatchUp(log, now_us));
  fold.ledger.TakeUncommitted(fold_.ledger, now_us);
  fold_ = std::move(fold);
  config_ = std::move(config);
  events_since_state_ = kEventsBetweenStates;  // no state knows the new one
  SetFlags();
  return absl::OkStatus();
}

void Gate::ExcludeByBudgets(Consideration& consideration, std::vector<BudgetRefusal>& refusals) {
  const DecisionRecord& row = consideration.row;
  for (size_t i = 0; i < row.tiers.size(); ++i) {
    const TierView& view = row.tiers[i];
    if (!IsEligible(view) || !fold_.ledger.CountsHard(row.tenant, view.tier)) continue;
    if (!HasWorstCase(view, *config_, row.time_us)) {
      consideration.Exclude(i, ExclusionReason::kBudget,
                            "a hard budget needs to know what the call costs at most: state max_output_tokens");
      continue;
    }
    std::optional<BudgetRefusal> refusal = fold_.ledger.Refusal(ConsideredAt(row, view));
    if (!refusal) continue;
    fold_.ledger.CountDenial(*refusal, row.id, row.time_us);
    consideration.Exclude(i, ExclusionReason::kBudget, DetailOf(*refusal));
    refusals.push_back(*std::move(refusal));
  }
}

void Gate::ExcludeByGuard(const Snapshot& snapshot, Consideration& consideration) {
  const double limit = config_->limits.cost.mean_usd;
  // While the limits cannot be met together, on_infeasible says who answers.
  if (limit <= 0 || !snapshot.limits.infeasible.empty()) return;
  guard_.Learn(snapshot.cursor, snapshot.limits.cost_debt);
  const double debt = guard_.Debt(limit);
  std::vector<TierView>& tiers = consideration.row.tiers;
  size_t cheapest = tiers.size();
  for (size_t i = 0; i < tiers.size(); ++i) {
    if (IsEligible(tiers[i]) && (cheapest == tiers.size() || tiers[i].cost_usd < tiers[cheapest].cost_usd))
      cheapest = i;
  }
  for (size_t i = 0; i < tiers.size(); ++i) {
    if (i == cheapest || !IsEligible(tiers[i]) || CostGuard::Allows(debt, tiers[i].cost_usd, limit)) continue;
    consideration.Exclude(i, ExclusionReason::kCostGuard,
                          fmt::format("the average cost is {:.1f} requests' worth above its limit, the call is worth "
                                      "{:.1f}",
                                      debt, tiers[i].cost_usd / limit));
  }
}

std::vector<BudgetRefusal> Gate::Exclude(const Snapshot& snapshot, Consideration& consideration) {
  std::vector<BudgetRefusal> refusals;
  if (!active()) return refusals;
  absl::MutexLock lock(&mutex_);
  fold_.ledger.Expire(consideration.row.time_us);
  ExcludeByBudgets(consideration, refusals);
  ExcludeByGuard(snapshot, consideration);
  return refusals;
}

// What follows from an admitted decision besides its reservation.
void Gate::Count(DecisionRecord& row) {
  decisions_.fetch_add(1, std::memory_order_relaxed);
  const TierView& view = row.tiers[IndexOf(row, row.tier)];
  if (fold_.ledger.Counts(row.tenant, row.tier)) {
    row.reserved_cost_nanos = ConsideredAt(row, view).worst_nanos;
    ++events_since_state_;
  }
  fold_.CountArrival(row.tenant, row.time_us);
  if (config_->limits.cost.mean_usd > 0) guard_.Add(row.id, view.cost_usd, row.time_us);
}

std::optional<BudgetRefusal> Gate::Admit(Consideration& consideration) {
  if (!active()) return std::nullopt;
  DecisionRecord& row = consideration.row;
  const size_t chosen = IndexOf(row, row.tier);
  absl::MutexLock lock(&mutex_);
  if (std::optional<BudgetRefusal> refusal = fold_.ledger.Reserve(ConsideredAt(row, row.tiers[chosen]))) {
    fold_.ledger.CountDenial(*refusal, row.id, row.time_us);
    consideration.Exclude(chosen, ExclusionReason::kBudget, DetailOf(*refusal));
    return refusal;
  }
  Count(row);
  return std::nullopt;
}

absl::Status Gate::Refused(const Consideration& consideration, const std::vector<BudgetRefusal>& refusals) {
  refusals_.fetch_add(1, std::memory_order_relaxed);
  std::set<std::string> names;
  std::vector<std::string> reasons;
  int64_t until_us = INT64_MAX;
  for (const BudgetRefusal& refusal : refusals) {
    names.insert(AccountName(refusal));
    if (refusal.period_end_us > 0) until_us = std::min(until_us, refusal.period_end_us);
  }
  for (const TierView& view : consideration.row.tiers) {
    reasons.push_back(fmt::format("{}: {}", view.tier, view.exclusion_detail));
  }
  absl::Status status =
      WithReason(absl::ResourceExhaustedError(fmt::format(
                     "the budget{} covers no eligible tier's worst case ({})",
                     names.empty() ? "" : fmt::format(" {}", fmt::join(names, ", ")), fmt::join(reasons, "; "))),
                 "BUDGET_EXHAUSTED");
  if (until_us == INT64_MAX) return status;
  return WithRetryAfter(std::move(status), std::max<int64_t>(0, until_us - consideration.row.time_us));
}

absl::Status Gate::Choose(const Snapshot& snapshot, const RouteRequest& request, Consideration& consideration) {
  if (!active()) return suffice::Choose(snapshot, request, consideration);
  const bool live = snapshot.config->mode == Mode::kLive;
  if (!live) {
    SUFFICE_RETURN_IF_ERROR(suffice::Choose(snapshot, request, consideration));
    if (request.dry_run) return absl::OkStatus();
    absl::MutexLock lock(&mutex_);
    const DecisionRecord& row = consideration.row;
    fold_.ledger.Fold(ConsideredAt(row, row.tiers[IndexOf(row, row.tier)]), row.time_us);
    Count(consideration.row);
    return absl::OkStatus();
  }
  std::vector<BudgetRefusal> refusals;
  const auto& tiers = consideration.row.tiers;
  // Every round that does not end excludes a tier.
  while (true) {
    for (BudgetRefusal& refusal : Exclude(snapshot, consideration)) refusals.push_back(std::move(refusal));
    const absl::Status chosen = suffice::Choose(snapshot, request, consideration);
    if (!chosen.ok()) {
      const bool by_budget = std::none_of(tiers.begin(), tiers.end(), IsEligible) &&
                             std::any_of(tiers.begin(), tiers.end(), [](const TierView& view) {
                               return view.exclusion == ExclusionReason::kBudget;
                             });
      return by_budget ? Refused(consideration, refusals) : chosen;
    }
    if (request.dry_run) return absl::OkStatus();
    std::optional<BudgetRefusal> refusal = Admit(consideration);
    if (!refusal) return absl::OkStatus();
    refusals.push_back(*std::move(refusal));
  }
}

bool Gate::MustBeDurable(const DecisionRecord& row) const {
  if (!active()) return false;
  absl::MutexLock lock(&mutex_);
  return fold_.ledger.CountsHard(row.tenant, row.tier);
}

void Gate::Committed(const DecisionId& id, int64_t decision_seq) {
  absl::MutexLock lock(&mutex_);
  fold_.ledger.Commit(id);
  fold_.decision_seq = std::max(fold_.decision_seq, decision_seq);
}

void Gate::Cancel(const DecisionId& id) {
  if (!active()) return;
  absl::MutexLock lock(&mutex_);
  fold_.ledger.Cancel(id);
  guard_.Cancel(id);
}

void Gate::Settle(const DecisionId& id, int64_t cost_nanos, int64_t outcome_seq) {
  if (!active()) return;
  absl::MutexLock lock(&mutex_);
  fold_.outcome_seq = std::max(fold_.outcome_seq, outcome_seq);
  if (fold_.ledger.Settle(id, cost_nanos)) ++events_since_state_;
  if (config_->limits.cost.mean_usd > 0) guard_.Settle(id, Money{cost_nanos}.Usd(), outcome_seq);
}

std::vector<PacedBudget> Gate::PacedBudgets(int64_t now_us) {
  if (!has_soft_budgets()) return {};
  absl::MutexLock lock(&mutex_);
  fold_.ledger.Expire(now_us);
  return fold_.pacing.Targets(fold_.ledger, now_us);
}

std::vector<BudgetStatus> Gate::Status(int64_t now_us) {
  absl::MutexLock lock(&mutex_);
  fold_.ledger.Expire(now_us);
  return fold_.pacing.Status(fold_.ledger, now_us);
}

int64_t Gate::PeriodsStart(int64_t now_us) const {
  absl::MutexLock lock(&mutex_);
  return StartOfPeriods(fold_.ledger.budgets(), now_us);
}

int64_t Gate::overdue(int64_t now_us) {
  absl::MutexLock lock(&mutex_);
  fold_.ledger.Expire(now_us);
  return fold_.ledger.overdue();
}

std::string Gate::SerializedLedger(int64_t now_us) {
  absl::MutexLock lock(&mutex_);
  fold_.ledger.Expire(now_us);
  return fold_.ledger.Serialize();
}

absl::Status Gate::Restore(EventLog& log, int64_t now_us) {
  absl::MutexLock lock(&mutex_);
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<LedgerStateRecord> newest, log.NewestLedgerState());
  last_state_ = newest ? newest->number : 0;
  if (!newest && !config_->limits.cost.budgets.empty()) events_since_state_ = kEventsBetweenStates;
  SUFFICE_ASSIGN_OR_RETURN(fold_, LoadBudgetFold(log, config_->limits.cost.budgets, now_us));
  return absl::OkStatus();
}

absl::Status Gate::Save(EventLog& log, int64_t now_us, bool always) {
  LedgerStateRecord record;
  {
    absl::MutexLock lock(&mutex_);
    if (events_since_state_ == 0 || (!always && events_since_state_ < kEventsBetweenStates)) return absl::OkStatus();
    events_since_state_ = 0;
    record = {.number = ++last_state_,
              .time_us = now_us,
              .decision_seq = fold_.decision_seq,
              .outcome_seq = fold_.outcome_seq,
              .state = fold_.Serialize()};
  }
  return log.SaveLedgerState(std::move(record));
}

}  // namespace suffice
