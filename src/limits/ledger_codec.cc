// A serialized ledger, in this order (texts with their length before them):
//   1 byte   format, 1
//   count of budgets; for each: name, period, time zone, scope, tenant, tier (what makes its accounts the same)
//   count of accounts, sorted; for each: place of its budget, tenant, tier, start of its period, spent, final exposure
//   count of open decisions, by id; for each: id, tenant, tier, time, worst and expected cost
// Reservations and exposure follow from the open decisions and the time.

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "limits/ledger.h"

namespace suffice {
namespace {

constexpr uint8_t kFormat = 1;
constexpr size_t kGone = SIZE_MAX;

absl::Status Malformed(std::string_view what) { return absl::DataLossError(fmt::format("budget ledger: {}", what)); }

absl::Status CheckMoney(std::string_view where, uint32_t number, std::string_view field, int64_t nanos) {
  if (nanos >= 0) return absl::OkStatus();
  return Malformed(fmt::format("{} {}: {}: expected 0 nano-dollars or more, got {}", where, number, field, nanos));
}

absl::Status CheckTime(std::string_view where, uint32_t number, std::string_view field, int64_t time_us) {
  if (IsCalendarTime(time_us)) return absl::OkStatus();
  return Malformed(
      fmt::format("{} {}: {}: expected a time of the years 1 to 9999, got {}", where, number, field, time_us));
}

}  // namespace

bool Ledger::SameAccounts(const Budget& a, const Budget& b) {
  return a.name == b.name && a.period == b.period && a.time_zone == b.time_zone && a.each == b.each &&
         a.tenant == b.tenant && a.tier == b.tier;
}

bool Ledger::HasAccountsFor(const std::vector<Budget>& budgets) const {
  return std::all_of(budgets.begin(), budgets.end(), [this](const Budget& wanted) {
    return std::any_of(budgets_.begin(), budgets_.end(), [&](const Budget& b) { return SameAccounts(b, wanted); });
  });
}

void Ledger::WriteBudgets(ByteSink& sink) const {
  sink.Number(static_cast<uint32_t>(budgets_.size()));
  for (const Budget& budget : budgets_) {
    sink.Text(budget.name);
    sink.Number(static_cast<uint8_t>(budget.period));
    sink.Text(budget.time_zone);
    sink.Number(static_cast<uint8_t>(budget.each));
    sink.Text(budget.tenant);
    sink.Text(budget.tier);
  }
}

void Ledger::WriteAccounts(ByteSink& sink) const {
  std::vector<const Account*> sorted = SortedAccounts();
  // One without money is as good as none: a denial alone, or a decision that was taken back.
  std::erase_if(sorted, [](const Account* account) { return account->spent == 0 && account->finally_exposed == 0; });
  sink.Number(static_cast<uint32_t>(sorted.size()));
  for (const Account* account : sorted) {
    sink.Number(static_cast<uint32_t>(account->budget));
    sink.Text(account->tenant);
    sink.Text(account->tier);
    sink.Number(account->period.start_us);
    sink.Number(account->spent);
    sink.Number(account->finally_exposed);
  }
}

std::string Ledger::Write(bool with_uncommitted) const {
  ByteSink sink;
  sink.Number(kFormat);
  WriteBudgets(sink);
  WriteAccounts(sink);
  const auto is_written = [&](const auto& item) { return with_uncommitted || item.second.committed; };
  sink.Number(static_cast<uint32_t>(std::count_if(entries_.begin(), entries_.end(), is_written)));
  for (const auto& item : entries_) {
    if (!is_written(item)) continue;
    const auto& [id, entry] = item;
    sink.Text(id.Raw());
    sink.Text(entry.tenant);
    sink.Text(entry.tier);
    sink.Number(entry.time_us);
    sink.Number(entry.worst_nanos);
    sink.Number(entry.expected_nanos);
    sink.Number(static_cast<uint8_t>(entry.committed));
  }
  return sink.Take();
}

std::string Ledger::Serialize() const { return Write(/*with_uncommitted=*/false); }

// Where each of the bytes' budgets stands among ours; kGone: nowhere.
absl::Status Ledger::ReadBudgets(ByteSource& source, std::vector<size_t>& places) const {
  uint32_t count;
  if (!source.Number(count)) return Malformed("ends where a count was expected");
  for (uint32_t i = 0; i < count; ++i) {
    Budget known;
    uint8_t period, each;
    if (!source.Text(known.name) || !source.Number(period) || !source.Text(known.time_zone) || !source.Number(each) ||
        !source.Text(known.tenant) || !source.Text(known.tier)) {
      return Malformed(fmt::format("ends within budget {}", i));
    }
    known.period = static_cast<BudgetPeriod>(period);
    known.each = static_cast<BudgetScope>(each);
    const auto same =
        std::find_if(budgets_.begin(), budgets_.end(), [&](const Budget& ours) { return SameAccounts(ours, known); });
    places.push_back(same == budgets_.end() ? kGone : static_cast<size_t>(same - budgets_.begin()));
  }
  return absl::OkStatus();
}

absl::Status Ledger::ReadAccounts(ByteSource& source, const std::vector<size_t>& places, int64_t now_us) {
  uint32_t count;
  if (!source.Number(count)) return Malformed("ends where a count was expected");
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t budget;
    std::string tenant, tier;
    int64_t start_us, spent, finally_exposed;
    if (!source.Number(budget) || !source.Text(tenant) || !source.Text(tier) || !source.Number(start_us) ||
        !source.Number(spent) || !source.Number(finally_exposed)) {
      return Malformed(fmt::format("ends within account {}", i));
    }
    if (budget >= places.size()) {
      return Malformed(fmt::format("account {}: budget: expected one of {}, got {}", i, places.size(), budget));
    }
    SUFFICE_RETURN_IF_ERROR(CheckTime("account", i, "start_us", start_us));
    SUFFICE_RETURN_IF_ERROR(CheckMoney("account", i, "spent", spent));
    SUFFICE_RETURN_IF_ERROR(CheckMoney("account", i, "finally_exposed", finally_exposed));
    const size_t place = places[budget];
    if (place == kGone) continue;
    const Period period = PeriodOf(place, start_us);
    if (period.end_us <= now_us) continue;
    Account* const account = FindOrAdd(place, tenant, tier, period);
    if (account == nullptr) continue;
    account->spent = spent;
    account->finally_exposed = account->exposure = finally_exposed;
  }
  return absl::OkStatus();
}

absl::Status Ledger::ReadOpenDecisions(ByteSource& source, int64_t now_us) {
  uint32_t count;
  if (!source.Number(count)) return Malformed("ends where a count was expected");
  for (uint32_t i = 0; i < count; ++i) {
    std::string id, tenant, tier;
    LedgerDecision decision;
    uint8_t committed;
    if (!source.Text(id) || id.size() != decision.id.bytes.size() || !source.Text(tenant) || !source.Text(tier) ||
        !source.Number(decision.time_us) || !source.Number(decision.worst_nanos) ||
        !source.Number(decision.expected_nanos) || !source.Number(committed)) {
      return Malformed(fmt::format("ends within open decision {}", i));
    }
    SUFFICE_RETURN_IF_ERROR(CheckTime("open decision", i, "time_us", decision.time_us));
    SUFFICE_RETURN_IF_ERROR(CheckMoney("open decision", i, "worst_nanos", decision.worst_nanos));
    SUFFICE_RETURN_IF_ERROR(CheckMoney("open decision", i, "expected_nanos", decision.expected_nanos));
    decision.id = DecisionId::FromRaw(id);
    decision.tenant = tenant;
    decision.tier = tier;
    Fold(decision, now_us);
    if (committed != 0) Commit(decision.id);
  }
  return absl::OkStatus();
}

absl::Status Ledger::Read(ByteSource& source, int64_t now_us, std::vector<size_t>& places) {
  uint8_t format;
  if (!source.Number(format) || format != kFormat) return Malformed(fmt::format("expected format {}", kFormat));
  SUFFICE_RETURN_IF_ERROR(ReadBudgets(source, places));
  SUFFICE_RETURN_IF_ERROR(ReadAccounts(source, places, now_us));
  return ReadOpenDecisions(source, now_us);
}

absl::StatusOr<Ledger> Ledger::Deserialize(std::string_view bytes, std::vector<Budget> budgets, int64_t now_us,
                                           std::vector<std::string>* missing) {
  Ledger ledger(std::move(budgets));
  ByteSource source(bytes);
  std::vector<size_t> places;
  SUFFICE_RETURN_IF_ERROR(ledger.Read(source, now_us, places));
  for (size_t i = 0; missing != nullptr && i < ledger.budgets_.size(); ++i) {
    if (std::find(places.begin(), places.end(), i) == places.end()) missing->push_back(ledger.budgets_[i].name);
  }
  ledger.Expire(now_us);
  return ledger;
}

void Ledger::TakeUncommitted(const Ledger& other, int64_t now_us) {
  for (const auto& [id, entry] : other.entries_) {
    if (entry.committed) continue;
    Fold({.id = id,
          .tenant = entry.tenant,
          .tier = entry.tier,
          .time_us = entry.time_us,
          .worst_nanos = entry.worst_nanos,
          .expected_nanos = entry.expected_nanos},
         now_us);
  }
  Expire(now_us);
}

Ledger Ledger::WithBudgets(std::vector<Budget> budgets, int64_t now_us) const {
  return *Deserialize(Write(/*with_uncommitted=*/true), std::move(budgets), now_us);
}

}  // namespace suffice
