#include "limits/calendar.h"

#include <algorithm>

#include "absl/time/civil_time.h"

namespace suffice {
namespace {

// The instant at which a civil day begins.
int64_t StartOf(absl::CivilDay day, const absl::TimeZone& zone) {
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(day));
  const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return absl::ToUnixMicros(skipped ? info.trans : info.pre);
}

int64_t TimeOf(const absl::TimeZone::CivilTransition& transition, const absl::TimeZone& zone) {
  return absl::ToUnixMicros(zone.At(transition.to).post);
}

// Hours of elapsed time, cut where the zone changes its offset.
Period HourAt(const absl::TimeZone& zone, int64_t time_us) {
  constexpr int64_t kHourUs = 3'600'000'000;
  const absl::Time time = absl::FromUnixMicros(time_us);
  const absl::CivilSecond local = zone.At(time).cs;
  const int64_t micros = ((time_us % 1'000'000) + 1'000'000) % 1'000'000;
  const int64_t into_us = (local.minute() * 60 + local.second()) * int64_t{1'000'000} + micros;
  Period hour{time_us - into_us, time_us - into_us + kHourUs};
  absl::TimeZone::CivilTransition change;
  // Changes are on whole seconds: the last one by now is the one before the next second.
  const absl::Time next_second = absl::FromUnixMicros(time_us - micros) + absl::Seconds(1);
  if (zone.PrevTransition(next_second, &change)) {
    hour.start_us = std::max(hour.start_us, TimeOf(change, zone));
  }
  if (zone.NextTransition(time, &change)) hour.end_us = std::min(hour.end_us, TimeOf(change, zone));
  return hour;
}

}  // namespace

Period PeriodAt(BudgetPeriod kind, const absl::TimeZone& zone, int64_t time_us) {
  if (kind == BudgetPeriod::kHour) return HourAt(zone, time_us);
  const absl::CivilDay day(zone.At(absl::FromUnixMicros(time_us)).cs);
  absl::CivilDay first = day, next = day + 1;
  if (kind == BudgetPeriod::kWeek) {
    first = absl::PrevWeekday(day + 1, absl::Weekday::monday);
    next = first + 7;
  } else if (kind == BudgetPeriod::kMonth) {
    const absl::CivilMonth month(day);
    first = absl::CivilDay(month);
    next = absl::CivilDay(month + 1);
  }
  return {StartOf(first, zone), StartOf(next, zone)};
}

}  // namespace suffice
