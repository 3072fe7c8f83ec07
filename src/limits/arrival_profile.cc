#include "limits/arrival_profile.h"

#include <algorithm>
#include <cmath>

#include "limits/calendar.h"

namespace suffice {
namespace {

constexpr int64_t kHourUs = 3'600'000'000;
constexpr double kHourUsD = static_cast<double>(kHourUs);
constexpr int64_t kLongestGapHours = 24 * 60;  // after which the profile begins anew
constexpr double kRecentHalfLifeHours = 3;
constexpr double kPriorDays = 0.25;       // an hour of day is drawn towards the mean rate by as much
constexpr double kShortestOpenUs = 60e6;  // an open hour is not taken for shorter than a minute

int64_t HourOf(int64_t time_us) { return (time_us >= 0 ? time_us : time_us - kHourUs + 1) / kHourUs; }

bool IsArrivalTime(int64_t time_us) { return 0 <= time_us && time_us < kYear10000Us; }
bool IsAmount(double value) { return std::isfinite(value) && value >= 0; }

}  // namespace

void ArrivalProfile::Add(int64_t time_us) {
  if (!IsArrivalTime(time_us)) return;
  if (first_us_ < 0 || HourOf(time_us) - open_hour_ > kLongestGapHours) {
    *this = {};
    first_us_ = time_us;
    open_hour_ = HourOf(time_us);
  }
  Advance(HourOf(time_us));
  last_us_ = std::max(last_us_, time_us);
  ++open_count_;
}

void ArrivalProfile::Advance(int64_t hour) {
  for (; open_hour_ < hour; ++open_hour_) {
    CloseHour(open_count_);
    open_count_ = 0;
  }
}

void ArrivalProfile::CloseHour(double count) {
  static const double kKeep = std::exp2(-1 / kHalfLifeDays);
  static const double kKeepRecent = std::exp2(-1 / kRecentHalfLifeHours);
  // The first hour was seen in part.
  const int64_t start_us = std::max(first_us_, open_hour_ * kHourUs);
  const double seen = static_cast<double>((open_hour_ + 1) * kHourUs - start_us) / kHourUsD;
  const size_t of_day = static_cast<size_t>(open_hour_ % kHours);
  if (days_[of_day] > 0) {
    recent_ = recent_ * kKeepRecent + count;
    recent_expected_ = recent_expected_ * kKeepRecent + seen * counts_[of_day] / days_[of_day];
  }
  counts_[of_day] = counts_[of_day] * kKeep + count;
  days_[of_day] = days_[of_day] * kKeep + seen;
}

// The mean over the hours of day, each at its own rate, so that a half-known day is not tilted by how often each hour
// was seen.
double ArrivalProfile::KnownRate() const {
  double rate = 0, known = 0;
  for (int h = 0; h < kHours; ++h) {
    if (days_[h] <= 0) continue;
    const double weight = std::min(days_[h], 1.0);
    rate += weight * counts_[h] / days_[h];
    known += weight;
  }
  return known > 0 ? rate / known : 0;
}

double ArrivalProfile::MeanRate(int64_t now_us) const {
  if (first_us_ < 0) return 0;
  if (const double known = KnownRate(); known > 0) return known;
  // Within the first hour.
  const double open_us = std::max(kShortestOpenUs, static_cast<double>(std::max(now_us, last_us_) - first_us_));
  return open_count_ / (open_us / kHourUsD);
}

double ArrivalProfile::Rate(int64_t hour, double mean_rate) const {
  const size_t of_day = static_cast<size_t>(((hour % kHours) + kHours) % kHours);
  return (counts_[of_day] + kPriorDays * mean_rate) / (days_[of_day] + kPriorDays);
}

double ArrivalProfile::Integral(int64_t from_us, int64_t to_us, double mean_rate) const {
  double sum = 0;
  // Whole days at once: each is the same.
  constexpr int64_t kDayUs = kHours * kHourUs;
  if (to_us - from_us > kDayUs) {
    double day = 0;
    for (int h = 0; h < kHours; ++h) day += Rate(h, mean_rate);
    const int64_t days = (to_us - from_us) / kDayUs;
    sum += static_cast<double>(days) * day;
    from_us += days * kDayUs;
  }
  for (int64_t hour = HourOf(from_us); hour * kHourUs < to_us; ++hour) {
    const int64_t start = std::max(from_us, hour * kHourUs), end = std::min(to_us, (hour + 1) * kHourUs);
    sum += Rate(hour, mean_rate) * static_cast<double>(end - start) / kHourUsD;
  }
  return sum;
}

double ArrivalProfile::Expected(int64_t from_us, int64_t to_us) const {
  if (first_us_ < 0 || to_us <= from_us) return 0;
  constexpr int64_t kDayUs = kHours * kHourUs;
  const double mean_rate = MeanRate(from_us);
  // What the open hour shows joins what the hours before it did. An hour of day that is not known yet says nothing of
  // today's level.
  const bool open_known = days_[static_cast<size_t>(open_hour_ % kHours)] > 0;
  const int64_t open_start = std::max(first_us_, open_hour_ * kHourUs);
  const int64_t open_until = std::max(open_start, std::min(from_us, (open_hour_ + 1) * kHourUs));
  const double actual = recent_ + (open_known ? open_count_ : 0);
  const double expected = recent_expected_ + (open_known ? Integral(open_start, open_until, mean_rate) : 0);
  // An hour's worth of doubt.
  const double level = mean_rate > 0 ? (actual + mean_rate) / (expected + mean_rate) : 1;
  const int64_t soon_us = std::min(to_us, from_us + kDayUs);
  return level * Integral(from_us, soon_us, mean_rate) + Integral(soon_us, std::max(soon_us, to_us), mean_rate);
}

double ArrivalProfile::ShareBy(int64_t start_us, int64_t now_us, int64_t end_us) const {
  now_us = std::clamp(now_us, start_us, end_us);
  const double rate = first_us_ < 0 ? 1 : std::max(MeanRate(now_us), 1e-9);
  const double before = Integral(start_us, now_us, rate), after = Integral(now_us, end_us, rate);
  return before + after > 0 ? before / (before + after) : 0;
}

void ArrivalProfile::AppendTo(ByteSink& sink) const {
  sink.Number(first_us_);
  sink.Number(last_us_);
  sink.Number(open_hour_);
  sink.Number(open_count_);
  for (int h = 0; h < kHours; ++h) {
    sink.Number(counts_[h]);
    sink.Number(days_[h]);
  }
  sink.Number(recent_);
  sink.Number(recent_expected_);
}

bool ArrivalProfile::ReadFrom(ByteSource& source) {
  bool good =
      source.Number(first_us_) && source.Number(last_us_) && source.Number(open_hour_) && source.Number(open_count_);
  for (int h = 0; good && h < kHours; ++h) good = source.Number(counts_[h]) && source.Number(days_[h]);
  good = good && source.Number(recent_) && source.Number(recent_expected_);
  return good && (first_us_ == -1 || IsArrivalTime(first_us_)) && IsArrivalTime(last_us_) &&
         open_hour_ >= 0 && open_hour_ <= HourOf(kYear10000Us) && IsAmount(open_count_) && IsAmount(recent_) &&
         IsAmount(recent_expected_) && std::all_of(counts_.begin(), counts_.end(), IsAmount) &&
         std::all_of(days_.begin(), days_.end(), IsAmount);
}

}  // namespace suffice
