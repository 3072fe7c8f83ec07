#include "limits/pacing.h"

#include <algorithm>

#include "base/money.h"

namespace suffice {
namespace {

// Whose decisions an account counts: its own tenant, or the one that its budget is for.
std::string_view TenantOf(const LedgerAccount& account) {
  return account.tenant.empty() ? std::string_view(account.budget.tenant) : account.tenant;
}
std::string_view TierOf(const LedgerAccount& account) {
  return account.tier.empty() ? std::string_view(account.budget.tier) : account.tier;
}

}  // namespace

void Pacing::Add(std::string_view tenant, bool own, int64_t time_us) {
  everybody_.Add(time_us);
  if (!own || tenant.empty()) return;
  auto found = tenants_.find(tenant);
  if (found == tenants_.end()) {
    if (tenants_.size() >= kMaxTenants) return;
    found = tenants_.emplace(tenant, ArrivalProfile()).first;
  }
  found->second.Add(time_us);
}

const ArrivalProfile& Pacing::ProfileOf(std::string_view tenant) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? everybody_ : found->second;
}

std::vector<PacedBudget> Pacing::Targets(const Ledger& ledger, int64_t now_us) const {
  std::vector<PacedBudget> targets;
  ledger.ForEach([&](const LedgerAccount& account) {
    if (account.budget.kind != BudgetKind::kSoft || !account.period.Contains(now_us)) return;
    const double expected = ProfileOf(TenantOf(account)).Expected(now_us, account.period.end_us);
    const double left = Money{std::max<int64_t>(0, account.LeftNanos())}.Usd();
    targets.push_back({.name = account.budget.name,
                       .tenant = std::string(TenantOf(account)),
                       .tier = std::string(TierOf(account)),
                       .target_usd = left / std::max(1.0, expected)});
  });
  return targets;
}

std::vector<BudgetStatus> Pacing::Status(const Ledger& ledger, int64_t now_us) const {
  std::vector<BudgetStatus> all;
  ledger.ForEach([&](const LedgerAccount& account) {
    const double usd = Money{account.limit_nanos}.Usd();
    const Period& period = account.period;
    all.push_back({.name = account.budget.name,
                   .tenant = std::string(TenantOf(account)),
                   .tier = std::string(TierOf(account)),
                   .kind = account.budget.kind,
                   .period_start_us = period.start_us,
                   .period_end_us = period.end_us,
                   .limit_usd = usd,
                   .spent_usd = Money{account.spent_nanos}.Usd(),
                   .reserved_usd = Money{account.reserved_nanos}.Usd(),
                   .exposure_usd = Money{account.exposure_nanos}.Usd(),
                   .pace_usd = usd * ProfileOf(TenantOf(account)).ShareBy(period.start_us, now_us, period.end_us),
                   .denials = account.denials});
  });
  return all;
}

void Pacing::AppendTo(ByteSink& sink) const {
  everybody_.AppendTo(sink);
  sink.Number(static_cast<uint32_t>(tenants_.size()));
  for (const auto& [tenant, profile] : tenants_) {
    sink.Text(tenant);
    profile.AppendTo(sink);
  }
}

bool Pacing::ReadFrom(ByteSource& source) {
  uint32_t count;
  if (!everybody_.ReadFrom(source) || !source.Number(count)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    std::string tenant;
    if (!source.Text(tenant) || !tenants_[tenant].ReadFrom(source)) return false;
  }
  return true;
}

}  // namespace suffice
