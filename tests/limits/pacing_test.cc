#include "limits/pacing.h"

#include <cmath>
#include <cstring>

#include "catch.h"

namespace suffice {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kStart = 1'700'006'400 * kSecond;  // 2023-11-15T00:00:00Z

// Decisions an hour: ten by night, 190 at the height of the day.
double DayRate(int64_t hour) { return 100 - 90 * std::cos(2 * M_PI * static_cast<double>(hour % 24) / 24); }

template <typename Rate>
void Feed(ArrivalProfile& profile, int64_t from_hour, int64_t to_hour, const Rate& rate) {
  for (int64_t hour = from_hour; hour < to_hour; ++hour) {
    const int64_t count = std::llround(rate(hour));
    for (int64_t i = 0; i < count; ++i) profile.Add(kStart + hour * kHour + i * kHour / count);
  }
}

TEST_CASE("uniform until known") {
  ArrivalProfile profile;
  CHECK(profile.Expected(kStart, kStart + kDay) == 0);
  Feed(profile, 0, 6, [](int64_t) { return 120.0; });
  CHECK(profile.Expected(kStart + 6 * kHour, kStart + kDay) == Approx(18 * 120).epsilon(0.01));
  CHECK(profile.ShareBy(kStart, kStart + 6 * kHour, kStart + kDay) == Approx(0.25).epsilon(0.01));
}

TEST_CASE("the traffic's own day is learned and forecast") {
  ArrivalProfile profile;
  Feed(profile, 0, 24 * 10, DayRate);
  double rest = 0;
  for (int64_t hour = 12; hour < 24; ++hour) rest += std::round(DayRate(hour));
  Feed(profile, 240, 252, DayRate);
  CHECK(profile.Expected(kStart + 252 * kHour, kStart + 264 * kHour) == Approx(rest).epsilon(0.03));
  // By 6:00 a uniform pace would be a quarter.
  CHECK(profile.ShareBy(kStart, kStart + 6 * kHour, kStart + kDay) < 0.11);
  CHECK(profile.ShareBy(kStart, kStart + kDay, kStart + kDay) == 1);
}

TEST_CASE("a day that is twice as busy is seen before it is over") {
  ArrivalProfile profile;
  Feed(profile, 0, 240, DayRate);
  Feed(profile, 240, 252, [](int64_t hour) { return 2 * DayRate(hour); });
  double rest = 0;
  for (int64_t hour = 12; hour < 24; ++hour) rest += 2 * DayRate(hour);
  CHECK(profile.Expected(kStart + 252 * kHour, kStart + 264 * kHour) == Approx(rest).epsilon(0.15));
}

TEST_CASE("a profile can be kept and read again") {
  ArrivalProfile profile, read;
  Feed(profile, 0, 50, DayRate);
  ByteSink sink;
  profile.AppendTo(sink);
  const std::string bytes = sink.Take();
  ByteSource source(bytes);
  REQUIRE(read.ReadFrom(source));
  CHECK(read.Expected(kStart + 50 * kHour, kStart + 80 * kHour) ==
        profile.Expected(kStart + 50 * kHour, kStart + 80 * kHour));
  ByteSource cut(std::string_view(bytes).substr(0, bytes.size() - 1));
  CHECK_FALSE(read.ReadFrom(cut));
}

TEST_CASE("an arrival before 1970 or after 9999 is not counted") {
  ArrivalProfile profile;
  for (const int64_t time_us : {int64_t{-1}, INT64_MIN, INT64_MAX}) profile.Add(time_us);
  CHECK(profile.Expected(kStart, kStart + kHour) == 0);
}

TEST_CASE("a profile with times or counts that cannot be is refused") {
  ArrivalProfile profile;
  Feed(profile, 0, 50, DayRate);
  ByteSink sink;
  profile.AppendTo(sink);
  const std::string bytes = sink.Take();
  const auto is_read_with = [&](size_t at, auto value) {
    std::string changed = bytes;
    std::memcpy(changed.data() + at, &value, sizeof(value));
    ByteSource source(changed);
    return ArrivalProfile().ReadFrom(source);
  };
  // First and last time, open hour, open count, then the hours of day, all of eight bytes.
  for (const size_t at : {0, 8, 16}) {
    CHECK_FALSE(is_read_with(at, INT64_MIN));
    CHECK_FALSE(is_read_with(at, INT64_MAX));
    CHECK_FALSE(is_read_with(at, int64_t{-2}));
  }
  for (size_t at = 24; at < bytes.size(); at += 8) {
    CHECK_FALSE(is_read_with(at, -1.0));
    CHECK_FALSE(is_read_with(at, std::nan("")));
    CHECK(is_read_with(at, 2.0));
  }
}

TEST_CASE("a soft budget's target is what is left over the decisions to come, and nothing when nothing is left") {
  Budget day{.name = "day", .usd = 1, .kind = BudgetKind::kSoft};
  Ledger ledger({day});
  Pacing pacing;
  DecisionId id;
  const auto decide = [&](uint8_t n, int64_t time_us, int64_t expected_nanos) {
    id.bytes[15] = n;
    ledger.Reserve({.id = id, .tier = "t", .time_us = time_us, .worst_nanos = 0, .expected_nanos = expected_nanos});
    pacing.Add("", false, time_us);
  };
  for (uint8_t n = 0; n < 120; ++n) decide(n, kStart + n * 6 * 60 * kSecond, 0);  // ten an hour, for twelve hours
  const int64_t noon = kStart + 12 * kHour;
  decide(200, noon, 400'000'000);
  const auto targets = pacing.Targets(ledger, noon);
  REQUIRE(targets.size() == 1);
  CHECK(targets[0].name == "day");
  CHECK(targets[0].target_usd == Approx(0.6 / 120).epsilon(0.05));
  ledger.Settle(id, 1'500'000'000);
  CHECK(pacing.Targets(ledger, noon)[0].target_usd == 0);
  const auto status = pacing.Status(ledger, noon);
  REQUIRE(status.size() == 1);
  CHECK(status[0].pace_usd == Approx(0.5).epsilon(0.02));
  CHECK(status[0].spent_usd == Approx(1.5));
}

TEST_CASE("a policy that spends its target ends the day at its budget, though the day is not uniform") {
  // A made policy that costs exactly what it is asked to.
  Budget day{.name = "day", .usd = 10, .kind = BudgetKind::kSoft};
  Ledger ledger({day});
  Pacing pacing;
  uint64_t n = 0;
  double target = 0;
  for (int64_t hour = 0; hour < 24 * 4; ++hour) {
    const int64_t count = std::llround(DayRate(hour));
    for (int64_t i = 0; i < count; ++i) {
      const int64_t now = kStart + hour * kHour + i * kHour / count;
      ledger.Expire(now);
      DecisionId id;
      ++n;
      for (int b = 0; b < 8; ++b) id.bytes[15 - b] = static_cast<uint8_t>(n >> (8 * b));
      pacing.Add("", false, now);
      ledger.Reserve({.id = id, .tier = "t", .time_us = now, .worst_nanos = 0, .expected_nanos = 0});
      if (i % 8 == 0) target = pacing.Targets(ledger, now)[0].target_usd;
      ledger.Settle(id, static_cast<int64_t>(std::llround(target * 1e9)));
    }
    if (hour % 24 == 23) {
      ledger.ForEach([&](const LedgerAccount& account) {
        CAPTURE(hour);
        CHECK(static_cast<double>(account.spent_nanos) * 1e-9 == Approx(10).epsilon(hour < 24 ? 0.05 : 0.01));
      });
    }
  }
}

}  // namespace
}  // namespace suffice
