// Calendar periods of budgets: hours, days, weeks (from Monday) and months in a time zone, right across daylight
// saving.
// Thread contract: pure functions.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "suffice/config.h"

namespace suffice {

// Microseconds since the Unix epoch; the end does not belong to it.
struct Period {
  int64_t start_us = 0;
  int64_t end_us = 0;

  bool operator==(const Period&) const = default;
  bool Contains(int64_t time_us) const { return start_us <= time_us && time_us < end_us; }
};

// The times that calendars are made for: the years 1 to 9999.
constexpr int64_t kYear1Us = -62'135'596'800'000'000, kYear10000Us = 253'402'300'800'000'000;
constexpr bool IsCalendarTime(int64_t time_us) { return kYear1Us <= time_us && time_us < kYear10000Us; }

// The period that a time falls into. REQUIRES: IsCalendarTime(time_us). Days, weeks and months begin at the zone's
// first instant of their first day, also where midnight is skipped or comes twice, so they last as long as they
// last: 23 or 25 hours, too. An hour that comes twice is two periods, and one that a change of the clock cuts is
// cut. The periods of a zone follow each other without gap or overlap.
Period PeriodAt(BudgetPeriod kind, const absl::TimeZone& zone, int64_t time_us);

}  // namespace suffice
