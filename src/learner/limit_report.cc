#include "learner/limit_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace suffice {
namespace {

constexpr int64_t kFewestAudits = 10;  // before the guard says anything

double ReferenceQuality(const ContextTable& table, int tier) {
  double sum = 0;
  for (size_t i = static_cast<size_t>(tier); i < table.means.size(); i += table.tiers) sum += table.means[i].quality;
  return std::max(0.05, sum / static_cast<double>(table.contexts()));
}

// The audits' interval in the unit of the floor.
struct AuditInterval {
  int64_t n = 0;
  double mean = 0, low = 0, high = 1;
};

AuditInterval IntervalOf(const QualityLimits& limits, const ContextTable& table, const Config& config,
                         const LimitFold& fold) {
  const bool young = fold.audits().n() == 0 || fold.audits_before().n() > 0;
  const ConfidenceSequence& audits = young && fold.audits_before().n() > 0 ? fold.audits_before() : fold.audits();
  if (limits.relative_to.empty()) return {audits.n(), audits.Mean(), audits.Low(), audits.High()};
  // (1 + reward - share * reference) / 2, back to a share of the reference.
  const double reference = ReferenceQuality(table, config.TierIndex(limits.relative_to));
  const auto share = [&](double y) { return limits.floor + (2 * y - 1) / reference; };
  return {audits.n(), share(audits.Mean()), std::max(0.0, share(audits.Low())), share(audits.High())};
}

// The share of the newest answers that a percentile limit is on, in milliseconds, over the window.
std::string WindowDetail(const LatencyLimits& limits, double share, const LimitFold& fold) {
  std::vector<float> recent;
  const int64_t since_us = fold.newest_us() - static_cast<int64_t>(limits.window_s * 1e6);
  for (const auto& [time_us, ms] : fold.recent_ms()) {
    if (time_us >= since_us) recent.push_back(ms);
  }
  if (recent.empty()) return "no answers in the window";
  const auto at = recent.begin() + static_cast<std::ptrdiff_t>((1 - share) * static_cast<double>(recent.size() - 1));
  std::nth_element(recent.begin(), at, recent.end());
  return fmt::format("p{:.0f} {:.0f} ms of the last {} answers within {:.0f} s", 100 * (1 - share), *at, recent.size(),
                     limits.window_s);
}

LimitState StateOfMean(const LimitDebt& debt, double limit) {
  if (debt.n == 0) return LimitState::kNoData;
  // What pacing promises: within 50 requests' worth.
  return debt.Mean() <= limit * (1 + 50.0 / static_cast<double>(debt.n)) ? LimitState::kMet : LimitState::kBreached;
}

LimitState StateOfLate(const LimitDebt& debt, double share) {
  if (debt.n == 0) return LimitState::kNoData;
  constexpr double kPromised = 0.005, kDeviations = 2;
  const double noise = kDeviations * std::sqrt(share * (1 - share) / static_cast<double>(debt.n));
  return debt.Mean() <= share + std::max(kPromised, noise) ? LimitState::kMet : LimitState::kBreached;
}

void FillObserved(const LimitDebt& debt, LimitStatus& status) {
  status.observed = status.low = status.high = debt.Mean();
  status.observations = debt.n;
  status.debt = debt.debt;
}

void FillFloor(const Config& config, const ContextTable& table, const LimitFold& fold, LimitStatus& status) {
  const AuditInterval interval = IntervalOf(config.limits.quality, table, config, fold);
  status.observed = interval.mean;
  status.low = interval.low;
  status.high = interval.high;
  status.observations = interval.n;
  status.debt = fold.floor().debt;
  status.detail = fmt::format("{} of all feedback: {:.4f}", interval.n == 0 ? "no audits yet; mean" : "mean",
                              fold.floor().Mean());
  if (interval.n == 0) {
    status.observed = 0;
    status.state = LimitState::kNoData;
  } else if (interval.low >= status.limit) {
    status.state = LimitState::kMet;
  } else {
    status.state = interval.high < status.limit ? LimitState::kBreached : LimitState::kUnproven;
  }
}

std::string InUnits(const Config& config, const PacedLimit& limit, double value) {
  switch (limit.kind) {
    case PacedLimit::Kind::kCost:
      return fmt::format("${:.3g} a request", value);
    case PacedLimit::Kind::kLate:
      return fmt::format("{:.0f} ms", value);
    case PacedLimit::Kind::kFloor:
      return config.limits.quality.relative_to.empty()
                 ? fmt::format("{:.4f}", value)
                 : fmt::format("{:.4f} of {}", value, config.limits.quality.relative_to);
  }
  return "";
}

double StatedValue(const Config& config, const PacedLimit& limit) {
  const std::array<double, 3> ms{config.limits.latency.p50_ms, config.limits.latency.p95_ms,
                                 config.limits.latency.p99_ms};
  return limit.kind == PacedLimit::Kind::kLate ? ms[static_cast<size_t>(limit.percentile)] : limit.limit;
}

}  // namespace

void ReportLimits(const Config& config, const ContextTable& table, const std::vector<PacedLimit>& limits,
                  const DualSolution& dual, const LimitFold& fold, LimitsInForce& in_force) {
  for (size_t j = 0; j < limits.size(); ++j) {
    const PacedLimit& limit = limits[j];
    LimitStatus status{.name = limit.name, .limit = limit.limit};
    switch (limit.kind) {
      case PacedLimit::Kind::kCost:
        status.multiplier = dual.multipliers[j] / limit.limit;
        if (limit.name == "cost.mean") {
          FillObserved(fold.cost(), status);
          status.state = StateOfMean(fold.cost(), limit.limit);
        } else {
          status.observed = status.low = status.high = limit.limit * (1 + dual.excess[j]);
          status.state = dual.multipliers[j] < kMaxMultiplier ? LimitState::kMet : LimitState::kBreached;
          status.detail = "what is left, over the decisions still expected; observed: as the multipliers choose";
        }
        break;
      case PacedLimit::Kind::kLate: {
        const LimitDebt& late = fold.late()[static_cast<size_t>(limit.percentile)];
        status.multiplier = dual.multipliers[j] / limit.limit;
        FillObserved(late, status);
        status.state = StateOfLate(late, limit.limit);
        status.detail = WindowDetail(config.limits.latency, limit.limit, fold);
        break;
      }
      case PacedLimit::Kind::kFloor:
        status.multiplier = in_force.weights.quality;
        FillFloor(config, table, fold, status);
        break;
    }
    in_force.status.push_back(std::move(status));
  }
}

void ReportInfeasible(const Config& config, const std::vector<TierModel>& models, const ContextTable& table,
                      const std::vector<PacedLimit>& limits, LimitsInForce& in_force) {
  std::vector<std::string> ways;
  for (size_t j = 0; j < limits.size(); ++j) {
    const double nearest = NearestFeasible(config, models, table, limits, j);
    const double stated = StatedValue(config, limits[j]);
    const bool moves = nearest > 0 && std::abs(nearest / stated - 1) > 1e-4;
    in_force.status[j].state = LimitState::kInfeasible;
    in_force.status[j].nearest_feasible = moves ? nearest : 0;
    if (!moves) continue;
    ways.push_back(fmt::format("{} {} instead of {}", limits[j].name, InUnits(config, limits[j], nearest),
                               InUnits(config, limits[j], stated)));
  }
  in_force.infeasible = "the limits cannot be met together";
  if (ways.empty()) return;
  in_force.infeasible += "; the nearest that can, the others as they are: ";
  for (size_t i = 0; i < ways.size(); ++i) in_force.infeasible += (i == 0 ? "" : "; or ") + ways[i];
}

void JudgeQuality(const Config& config, const ContextTable& table, const LimitFold& fold, LimitsInForce& in_force) {
  const QualityLimits& limits = config.limits.quality;
  if (limits.floor == 0) return;
  in_force.safe_tier = config.TierIndex(limits.safe_tier.empty() ? limits.relative_to : limits.safe_tier);
  for (int k = 0; in_force.safe_tier < 0 && k < static_cast<int>(table.tiers); ++k) {
    bool best = true;
    for (int other = 0; other < static_cast<int>(table.tiers); ++other) {
      best = best && ReferenceQuality(table, k) >= ReferenceQuality(table, other);
    }
    if (best) in_force.safe_tier = k;
  }
  if (limits.guard == QualityGuard::kOff) return;
  const AuditInterval interval = IntervalOf(limits, table, config, fold);
  const bool breached = interval.n >= kFewestAudits && interval.high < limits.floor;
  const bool unproven = limits.guard == QualityGuard::kProof && interval.low < limits.floor;
  in_force.safe_tier_only = breached || unproven;
  if (!in_force.safe_tier_only) return;
  in_force.guard_detail =
      fmt::format("quality {} the floor {:.4f}: [{:.4f}, {:.4f}] from {} audits",
                  breached ? "is under" : "is not proved to keep", limits.floor, interval.low, interval.high, interval.n);
}

}  // namespace suffice
