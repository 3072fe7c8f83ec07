// What a replay did to every budget's accounts, hour by hour.
// Thread contract: plain data; BudgetWatch is confined to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "suffice/limit_status.h"

namespace suffice {

// One account in one of its periods.
struct BudgetUse {
  uint64_t seed = 0;
  std::string name, tenant, tier;
  int64_t period_start_us = 0;
  double limit_usd = 0;
  std::vector<double> used_usd_by_hour;  // by the end of each hour in which there were decisions, exposure included

  double UsedShare() const { return used_usd_by_hour.empty() ? 0 : used_usd_by_hour.back() / limit_usd; }
  // Hours that began when nothing was left.
  int64_t HoursWithout() const;
};

class BudgetWatch {
 public:
  // Whether a decision at this time begins another hour than the one before it did.
  bool BeginsHour(int64_t time_us);
  // The accounts as they stand at the end of an hour.
  void Look(const std::vector<BudgetStatus>& accounts);
  std::vector<BudgetUse> Uses(uint64_t seed) const;

 private:
  int64_t hour_ = -1;
  std::map<std::string, BudgetUse> uses_;
};

}  // namespace suffice
