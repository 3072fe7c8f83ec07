// When decisions come: a daily profile learned from the traffic itself, and the forecast that pacing needs.
//
// Time is divided into hours of day (UTC). Each complete hour's count goes into that hour of day's rate, where older
// days count half after `kHalfLifeDays`; hours of day that are not known take the mean rate (uniform until known). What
// the last hours showed, against what the profile expected of them, scales the forecast of the next day.
// Times are microseconds since the epoch. A fold: the same times in the same order give the same state.
// Thread contract: thread-compatible.
#pragma once

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace suffice {

class ArrivalProfile {
 public:
  static constexpr double kHalfLifeDays = 3;

  // One decision. Times ascend, nearly: one that comes late counts in the hour that is open.
  void Add(int64_t time_us);
  // How many decisions to expect in [from_us, to_us), which begins now or later.
  double Expected(int64_t from_us, int64_t to_us) const;
  // The share of [start_us, end_us) that the profile alone, whatever the level, puts before now_us; in [0, 1].
  double ShareBy(int64_t start_us, int64_t now_us, int64_t end_us) const;

  void AppendTo(ByteSink& sink) const;
  // False: malformed.
  bool ReadFrom(ByteSource& source);

 private:
  static constexpr int kHours = 24;

  // Closes hours that are over.
  void Advance(int64_t hour);
  void CloseHour(double count);
  // Decisions an hour over the hours of day that are known; 0: none is.
  double KnownRate() const;
  // The same; within the first hour, what it shows.
  double MeanRate(int64_t now_us) const;
  double Rate(int64_t hour, double mean_rate) const;
  // Sum of rate times length of the hours in [from_us, to_us).
  double Integral(int64_t from_us, int64_t to_us, double mean_rate) const;

  int64_t first_us_ = -1;  // of the first decision; -1: none yet
  int64_t last_us_ = 0;
  int64_t open_hour_ = 0;                         // since the epoch
  double open_count_ = 0;                         // in it
  std::array<double, kHours> counts_{}, days_{};  // by hour of day: discounted decisions, and hours behind them
  double recent_ = 0, recent_expected_ = 0;       // of the last hours, discounted
};

}  // namespace suffice
