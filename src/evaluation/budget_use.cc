#include "evaluation/budget_use.h"

#include <fmt/format.h>

namespace suffice {

int64_t BudgetUse::HoursWithout() const {
  int64_t hours = 0;
  for (size_t i = 0; i + 1 < used_usd_by_hour.size(); ++i) hours += used_usd_by_hour[i] >= limit_usd;
  return hours;
}

bool BudgetWatch::BeginsHour(int64_t time_us) {
  const int64_t hour = time_us / int64_t{3'600'000'000};
  const bool begins = hour_ >= 0 && hour != hour_;
  hour_ = hour;
  return begins;
}

void BudgetWatch::Look(const std::vector<BudgetStatus>& accounts) {
  for (const BudgetStatus& account : accounts) {
    const std::string key =
        fmt::format("{}\n{}\n{}\n{:020}", account.name, account.tenant, account.tier, account.period_start_us);
    BudgetUse& use = uses_[key];
    use.name = account.name;
    use.tenant = account.tenant;
    use.tier = account.tier;
    use.period_start_us = account.period_start_us;
    use.limit_usd = account.limit_usd;
    use.used_usd_by_hour.push_back(account.spent_usd + account.reserved_usd + account.exposure_usd);
  }
}

std::vector<BudgetUse> BudgetWatch::Uses(uint64_t seed) const {
  std::vector<BudgetUse> uses;
  for (const auto& [key, use] : uses_) {
    uses.push_back(use);
    uses.back().seed = seed;
  }
  return uses;
}

}  // namespace suffice
