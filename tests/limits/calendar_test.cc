#include "limits/calendar.h"

#include "catch.h"

namespace suffice {
namespace {

constexpr int64_t kHour = 3'600'000'000;

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  REQUIRE(absl::LoadTimeZone(name, &zone));
  return zone;
}

int64_t At(const char* text) {
  absl::Time time;
  std::string error;
  INFO(text);
  REQUIRE(absl::ParseTime(absl::RFC3339_full, text, &time, &error));
  return absl::ToUnixMicros(time);
}

TEST_CASE("a day lasts 23 or 25 hours when the clock is put forward or back") {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  const Period spring = PeriodAt(BudgetPeriod::kDay, berlin, At("2026-03-29T12:00:00+02:00"));
  CHECK(spring == Period{At("2026-03-29T00:00:00+01:00"), At("2026-03-30T00:00:00+02:00")});
  CHECK(spring.end_us - spring.start_us == 23 * kHour);
  const Period autumn = PeriodAt(BudgetPeriod::kDay, berlin, At("2026-10-25T02:30:00+01:00"));
  CHECK(autumn.end_us - autumn.start_us == 25 * kHour);
}

TEST_CASE("the hour that comes twice is two hours, and a cut one is cut") {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  const Period first = PeriodAt(BudgetPeriod::kHour, berlin, At("2026-10-25T02:30:00+02:00"));
  const Period second = PeriodAt(BudgetPeriod::kHour, berlin, At("2026-10-25T02:30:00+01:00"));
  CHECK(first.end_us == second.start_us);
  CHECK(second.end_us - second.start_us == kHour);
  // Lord Howe's clock goes back by half an hour, at 2:00 to 1:30.
  const absl::TimeZone lord_howe = Zone("Australia/Lord_Howe");
  const Period cut = PeriodAt(BudgetPeriod::kHour, lord_howe, At("2026-04-05T01:10:00+11:00"));
  const Period rest = PeriodAt(BudgetPeriod::kHour, lord_howe, At("2026-04-05T01:40:00+10:30"));
  CHECK(cut.end_us - cut.start_us == kHour);
  CHECK(rest == Period{cut.end_us, cut.end_us + kHour / 2});
}

TEST_CASE("weeks begin on Monday, months on the first, leap days included") {
  const absl::TimeZone utc = absl::UTCTimeZone();
  CHECK(PeriodAt(BudgetPeriod::kWeek, utc, At("2026-11-29T23:59:59Z")) ==  // a Sunday
        Period{At("2026-11-23T00:00:00Z"), At("2026-11-30T00:00:00Z")});
  CHECK(PeriodAt(BudgetPeriod::kWeek, utc, At("2026-11-30T00:00:00Z")).start_us == At("2026-11-30T00:00:00Z"));
  CHECK(PeriodAt(BudgetPeriod::kMonth, utc, At("2028-02-29T12:00:00Z")) ==
        Period{At("2028-02-01T00:00:00Z"), At("2028-03-01T00:00:00Z")});
  CHECK(PeriodAt(BudgetPeriod::kDay, utc, At("2028-02-29T12:00:00Z")) ==
        Period{At("2028-02-29T00:00:00Z"), At("2028-03-01T00:00:00Z")});
  CHECK(PeriodAt(BudgetPeriod::kDay, utc, At("2100-02-28T12:00:00Z")).end_us == At("2100-03-01T00:00:00Z"));
  CHECK(PeriodAt(BudgetPeriod::kMonth, utc, At("2026-12-31T23:00:00Z")).end_us == At("2027-01-01T00:00:00Z"));
}

TEST_CASE("a day whose midnight is skipped begins where the clock does") {
  // In Santiago the clock goes from 24:00 to 1:00.
  const absl::TimeZone santiago = Zone("America/Santiago");
  const Period day = PeriodAt(BudgetPeriod::kDay, santiago, At("2026-09-06T12:00:00-03:00"));
  CHECK(day == Period{At("2026-09-06T01:00:00-03:00"), At("2026-09-07T00:00:00-03:00")});
}

TEST_CASE("periods follow each other without gap or overlap") {
  for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
                           "America/Santiago", "America/Havana", "Pacific/Apia", "Africa/Casablanca"}) {
    const absl::TimeZone zone = Zone(name);
    for (const BudgetPeriod kind :
         {BudgetPeriod::kHour, BudgetPeriod::kDay, BudgetPeriod::kWeek, BudgetPeriod::kMonth}) {
      int64_t at = At("2011-12-01T00:00:00Z");
      const int64_t until = kind == BudgetPeriod::kHour ? At("2012-12-01T00:00:00Z") : At("2016-01-01T00:00:00Z");
      bool good = true;
      while (at < until && good) {
        const Period period = PeriodAt(kind, zone, at);
        good = period.Contains(at) && PeriodAt(kind, zone, period.start_us) == period &&
               PeriodAt(kind, zone, period.end_us - 1) == period &&
               PeriodAt(kind, zone, period.end_us).start_us == period.end_us;
        at = period.end_us;
      }
      INFO(name << " " << ToString(kind) << " " << absl::FormatTime(absl::FromUnixMicros(at), zone));
      CHECK(good);
    }
  }
}

}  // namespace
}  // namespace suffice
