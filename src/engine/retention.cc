#include "engine/retention.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/status_macros.h"

namespace suffice {
namespace {

constexpr double kDayUs = 86'400e6;
constexpr int64_t kDecisionsAStep = 128;  // a millisecond or two of the writer's time
constexpr int kStepsARound = 8;
constexpr int64_t kShortQueue = 64;  // rows; with more waiting, deleting waits
constexpr std::chrono::seconds kPause(1);  // when nothing more can be deleted

}  // namespace

Retention::Retention(EventLog* log, double keep_days)
    : log_(log),
      keep_us_(static_cast<int64_t>(keep_days * kDayUs)),
      between_bases_us_(std::min(static_cast<int64_t>(kDayUs), keep_us_ / 8)) {}

absl::Status Retention::Round(int64_t now_us, int64_t needed_us, LogCursor covered, const MakeBase& make_base) {
  if (keep_us_ == 0 || MonotonicNow() < next_round_) return absl::OkStatus();
  const int64_t before_us = std::min(now_us - keep_us_, needed_us);
  for (int step = 0; step < kStepsARound; ++step) {
    const LogCounters counters = log_->counters();
    if (counters.queued > kShortQueue || !counters.error.empty()) return absl::OkStatus();
    SUFFICE_ASSIGN_OR_RETURN(const std::optional<int64_t> first_us, log_->FirstDecisionTime());
    Deleted deleted;
    if (first_us && *first_us < before_us) {
      SUFFICE_ASSIGN_OR_RETURN(
          deleted, log_->DeleteDecisions({.before_us = before_us, .upto = covered, .limit = kDecisionsAStep}));
    }
    if (deleted.uncovered && now_us >= next_base_us_) {
      SUFFICE_ASSIGN_OR_RETURN(covered, make_base());
      next_base_us_ = now_us + between_bases_us_;
      spdlog::info("retention: what was learned up to outcome {} and feedback {} is kept as a base", covered.outcome_seq,
                   covered.feedback_seq);
      continue;
    }
    if (deleted.decisions < kDecisionsAStep) {
      next_round_ = MonotonicNow() + kPause;
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

}  // namespace suffice
