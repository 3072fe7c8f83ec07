#include "limits/ledger.h"

#include <algorithm>
#include <utility>

#include "base/money.h"

namespace suffice {
namespace {

bool IsPerTenant(BudgetScope each) { return each == BudgetScope::kTenant || each == BudgetScope::kTenantAndTier; }
bool IsPerTier(BudgetScope each) { return each == BudgetScope::kTier || each == BudgetScope::kTenantAndTier; }

int64_t Sum(int64_t a, int64_t b) {
  int64_t sum;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}
int64_t Difference(int64_t a, int64_t b) {
  int64_t difference;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return a < 0 ? INT64_MIN : INT64_MAX;
}
void Add(int64_t amount, int64_t& sum) { sum = Sum(sum, amount); }
void TakeOff(int64_t amount, int64_t& sum) { sum = Difference(sum, amount); }

}  // namespace

int64_t LedgerAccount::LeftNanos() const {
  return Difference(limit_nanos, Sum(Sum(spent_nanos, reserved_nanos), exposure_nanos));
}

int64_t Ledger::Account::Used() const { return Sum(Sum(spent, reserved), exposure); }

Ledger::Ledger(std::vector<Budget> budgets, Bounds bounds) : budgets_(std::move(budgets)), bounds_(bounds) {
  for (const Budget& budget : budgets_) {
    absl::TimeZone zone = absl::UTCTimeZone();
    absl::LoadTimeZone(budget.time_zone, &zone);
    zones_.push_back(zone);
  }
  last_periods_.resize(budgets_.size());
}

bool Ledger::IsCounted(const Budget& budget, std::string_view tenant, std::string_view tier) const {
  return (budget.tenant.empty() || budget.tenant == tenant) && (budget.tier.empty() || budget.tier == tier);
}

bool Ledger::Counts(std::string_view tenant, std::string_view tier) const {
  return std::any_of(budgets_.begin(), budgets_.end(), [&](const Budget& b) { return IsCounted(b, tenant, tier); });
}

bool Ledger::CountsHard(std::string_view tenant, std::string_view tier) const {
  return std::any_of(budgets_.begin(), budgets_.end(),
                     [&](const Budget& b) { return b.kind == BudgetKind::kHard && IsCounted(b, tenant, tier); });
}

const Period& Ledger::PeriodOf(size_t budget, int64_t time_us) const {
  Period& last = last_periods_[budget];
  if (!last.Contains(time_us)) last = PeriodAt(budgets_[budget].period, zones_[budget], time_us);
  return last;
}

// The tenant and the tier stand in the key where the budget has an account for each of them.
const std::string& Ledger::KeyOf(size_t budget, std::string_view tenant, std::string_view tier,
                                 const Period& period) const {
  key_.clear();
  key_.append(reinterpret_cast<const char*>(&budget), sizeof(budget));
  key_.append(reinterpret_cast<const char*>(&period.start_us), sizeof(period.start_us));
  const BudgetScope each = budgets_[budget].each;
  const size_t tenant_bytes = IsPerTenant(each) ? tenant.size() : 0;
  key_.append(reinterpret_cast<const char*>(&tenant_bytes), sizeof(tenant_bytes));
  if (IsPerTenant(each)) key_.append(tenant);
  if (IsPerTier(each)) key_.append(tier);
  return key_;
}

const Ledger::Account* Ledger::Find(size_t budget, std::string_view tenant, std::string_view tier,
                                    const Period& period) const {
  const auto found = accounts_.find(KeyOf(budget, tenant, tier, period));
  return found == accounts_.end() ? nullptr : found->second.get();
}

// Null: there is no room for another account.
Ledger::Account* Ledger::FindOrAdd(size_t budget, std::string_view tenant, std::string_view tier,
                                   const Period& period) {
  const std::string& key = KeyOf(budget, tenant, tier, period);
  if (const auto found = accounts_.find(key); found != accounts_.end()) return found->second.get();
  if (accounts_.size() >= bounds_.accounts) return nullptr;
  auto account = std::make_unique<Account>();
  account->budget = budget;
  const BudgetScope each = budgets_[budget].each;
  if (IsPerTenant(each)) account->tenant = std::string(tenant);
  if (IsPerTier(each)) account->tier = std::string(tier);
  account->period = period;
  next_end_us_ = std::min(next_end_us_, period.end_us);
  return accounts_.emplace(key, std::move(account)).first->second.get();
}

int64_t Ledger::LimitOf(const Account& account) const { return Money::FromUsd(budgets_[account.budget].usd).nanos; }

std::optional<BudgetRefusal> Ledger::RefusalOf(size_t budget, const LedgerDecision& decision) const {
  const Budget& limit = budgets_[budget];
  const Period& period = PeriodOf(budget, decision.time_us);
  const Account* account = Find(budget, decision.tenant, decision.tier, period);
  const int64_t used = account == nullptr ? 0 : account->Used();
  const int64_t left = Difference(Money::FromUsd(limit.usd).nanos, used);
  const bool no_room = account == nullptr && accounts_.size() >= bounds_.accounts;
  if (decision.worst_nanos <= left && !no_room) return std::nullopt;
  return BudgetRefusal{.budget = limit.name,
                       .tenant = IsPerTenant(limit.each) ? std::string(decision.tenant) : std::string(),
                       .tier = IsPerTier(limit.each) ? std::string(decision.tier) : std::string(),
                       .left_nanos = left,
                       .needed_nanos = decision.worst_nanos,
                       .period_end_us = period.end_us,
                       .no_room = no_room};
}

std::optional<BudgetRefusal> Ledger::Refusal(const LedgerDecision& decision) const {
  std::optional<BudgetRefusal> latest;
  for (size_t i = 0; i < budgets_.size(); ++i) {
    if (budgets_[i].kind != BudgetKind::kHard || !IsCounted(budgets_[i], decision.tenant, decision.tier)) continue;
    std::optional<BudgetRefusal> refusal = RefusalOf(i, decision);
    if (refusal && (!latest || refusal->period_end_us > latest->period_end_us)) latest = std::move(refusal);
  }
  return latest;
}

// Room for one more open decision: the oldest may be forgotten once all its charges are exposure, which they then stay.
bool Ledger::MakeRoom() {
  if (entries_.size() < bounds_.open_decisions) return true;
  const auto oldest = entries_.begin();
  const auto& charges = oldest->second.charges;
  if (!std::all_of(charges.begin(), charges.end(), [](const Charge& charge) { return charge.exposed; })) return false;
  for (const Charge& charge : charges) {
    const int64_t amount = AmountOf(oldest->second, charge);
    Undo(oldest->first, oldest->second, charge);
    Add(amount, charge.account->exposure);
    Add(amount, charge.account->finally_exposed);
  }
  Erase(oldest);
  return true;
}

std::optional<BudgetRefusal> Ledger::Reserve(const LedgerDecision& decision) {
  if (entries_.contains(decision.id)) return std::nullopt;
  if (std::optional<BudgetRefusal> refusal = Refusal(decision)) return refusal;
  if (!MakeRoom() && CountsHard(decision.tenant, decision.tier)) {
    return BudgetRefusal{.budget = "every budget", .needed_nanos = decision.worst_nanos, .no_room = true};
  }
  Attach(decision, decision.time_us);
  return std::nullopt;
}

void Ledger::Fold(const LedgerDecision& decision, int64_t now_us) {
  if (entries_.contains(decision.id)) return;
  MakeRoom();
  Attach(decision, now_us);
}

void Ledger::Attach(const LedgerDecision& decision, int64_t now_us) {
  if (entries_.size() >= bounds_.open_decisions || !IsCalendarTime(decision.time_us)) return;
  Entry entry{.tenant = std::string(decision.tenant),
              .tier = std::string(decision.tier),
              .time_us = decision.time_us,
              .worst_nanos = std::max<int64_t>(decision.worst_nanos, 0),
              .expected_nanos = std::max<int64_t>(decision.expected_nanos, 0)};
  for (size_t i = 0; i < budgets_.size(); ++i) {
    if (!IsCounted(budgets_[i], decision.tenant, decision.tier)) continue;
    const Period period = PeriodOf(i, decision.time_us);
    if (period.end_us <= now_us) continue;
    Account* const account = FindOrAdd(i, decision.tenant, decision.tier, period);
    if (account == nullptr) continue;
    const Charge charge{account, decision.time_us + static_cast<int64_t>(budgets_[i].lease_s * 1e6)};
    Add(AmountOf(entry, charge), account->reserved);
    events_.emplace(std::min(charge.lease_end_us, period.end_us), decision.id, account);
    entry.charges.push_back(charge);
  }
  if (!entry.charges.empty()) entries_.emplace(decision.id, std::move(entry));
}

int64_t Ledger::AmountOf(const Entry& entry, const Charge& charge) const {
  const Budget& budget = budgets_[charge.account->budget];
  const bool worst =
      charge.exposed ? budget.WhenUnsettled() == Unsettled::kWorstCase : budget.kind == BudgetKind::kHard;
  return worst ? entry.worst_nanos : entry.expected_nanos;
}

void Ledger::CountDenial(const BudgetRefusal& refusal, const DecisionId& id, int64_t time_us) {
  for (size_t i = 0; i < budgets_.size(); ++i) {
    if (budgets_[i].name != refusal.budget) continue;
    Account* const account = FindOrAdd(i, refusal.tenant, refusal.tier, PeriodOf(i, time_us));
    if (account == nullptr || account->last_denied == id) return;
    account->last_denied = id;
    ++account->denials;
  }
}

void Ledger::Commit(const DecisionId& id) {
  if (const auto found = entries_.find(id); found != entries_.end()) found->second.committed = true;
}

void Ledger::Undo(const DecisionId& id, const Entry& entry, const Charge& charge) {
  TakeOff(AmountOf(entry, charge), charge.exposed ? charge.account->exposure : charge.account->reserved);
  const int64_t end_us = charge.account->period.end_us;
  events_.erase({charge.exposed ? end_us : std::min(charge.lease_end_us, end_us), id, charge.account});
}

bool Ledger::IsOverdue(const Entry& entry) const {
  return std::any_of(entry.charges.begin(), entry.charges.end(), [](const Charge& charge) { return charge.exposed; });
}

void Ledger::Erase(Entries::iterator entry) {
  overdue_ -= IsOverdue(entry->second);
  entries_.erase(entry);
}

bool Ledger::Cancel(const DecisionId& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  for (const Charge& charge : found->second.charges) Undo(id, found->second, charge);
  Erase(found);
  return true;
}

bool Ledger::Settle(const DecisionId& id, int64_t cost_nanos) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  for (const Charge& charge : found->second.charges) {
    Undo(id, found->second, charge);
    Add(std::max<int64_t>(cost_nanos, 0), charge.account->spent);
  }
  Erase(found);
  return true;
}

void Ledger::RunEvent(const Event& event) {
  const auto& [at_us, id, account] = event;
  const auto found = entries_.find(id);
  Entry& entry = found->second;
  const auto charge = std::find_if(entry.charges.begin(), entry.charges.end(),
                                   [account = account](const Charge& c) { return c.account == account; });
  const bool was_overdue = IsOverdue(entry);
  if (at_us >= account->period.end_us) {
    TakeOff(AmountOf(entry, *charge), charge->exposed ? account->exposure : account->reserved);
    entry.charges.erase(charge);
  } else {
    TakeOff(AmountOf(entry, *charge), account->reserved);
    charge->exposed = true;
    Add(AmountOf(entry, *charge), account->exposure);
    events_.emplace(account->period.end_us, id, account);
  }
  overdue_ += static_cast<int64_t>(IsOverdue(entry)) - static_cast<int64_t>(was_overdue);
  if (entry.charges.empty()) entries_.erase(found);
}

void Ledger::Expire(int64_t now_us) {
  while (!events_.empty() && std::get<0>(*events_.begin()) <= now_us) {
    const Event event = *events_.begin();
    events_.erase(events_.begin());
    RunEvent(event);
  }
  if (now_us < next_end_us_) return;
  next_end_us_ = INT64_MAX;
  absl::erase_if(accounts_, [&](const auto& item) {
    const int64_t end_us = item.second->period.end_us;
    if (end_us > now_us) next_end_us_ = std::min(next_end_us_, end_us);
    return end_us <= now_us;
  });
}

std::vector<const Ledger::Account*> Ledger::SortedAccounts() const {
  std::vector<const Account*> sorted;
  sorted.reserve(accounts_.size());
  for (const auto& [key, account] : accounts_) sorted.push_back(account.get());
  std::sort(sorted.begin(), sorted.end(), [](const Account* a, const Account* b) {
    return std::tie(a->budget, a->tenant, a->tier, a->period.start_us) <
           std::tie(b->budget, b->tenant, b->tier, b->period.start_us);
  });
  return sorted;
}

void Ledger::ForEach(const std::function<void(const LedgerAccount&)>& visit) const {
  for (const Account* account : SortedAccounts()) {
    visit({.budget = budgets_[account->budget],
           .tenant = account->tenant,
           .tier = account->tier,
           .period = account->period,
           .limit_nanos = LimitOf(*account),
           .spent_nanos = account->spent,
           .reserved_nanos = account->reserved,
           .exposure_nanos = account->exposure,
           .denials = account->denials});
  }
}

}  // namespace suffice
