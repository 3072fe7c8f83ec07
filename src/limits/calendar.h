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

// The period that a time falls into. Days, weeks and months begin at the zone's first instant of their first day, also
// where midnight is skipped or comes twice, so they last as long as they last: 23 or 25 hours, too. An hour that comes
// twice is two periods, and one that a change of the clock cuts is cut. The periods of a zone follow each other without
// gap or overlap.
Period PeriodAt(BudgetPeriod kind, const absl::TimeZone& zone, int64_t time_us);

}  // namespace suffice
