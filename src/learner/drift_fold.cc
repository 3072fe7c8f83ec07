#include "learner/drift_fold.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status_macros.h"
#include "stats/bytes.h"

namespace suffice {
namespace {

// The residuals' variance before any was seen, as a reward's in TierModel, and for how many it counts; and what rewards
// of evaluations, whose variance is an upper bound of it, then count for.
constexpr double kPriorVariance = 0.0625, kPriorWeight = 10;
constexpr double kResidualPriorWeight = 20;
constexpr double kMinObservations = 40;     // behind a prediction whose residual counts
// Before so many rewards of a tier its model is still being made: its residuals shift as the policy learns which
// prompts to send there.
constexpr int64_t kMinRewards = 500;
constexpr double kResidualHalfLife = 1000;  // residuals

// Both sums of the cost ratio start here: as many calls that cost what was predicted.
constexpr double kCostPriorCalls = 50;
// A tier's first calls are not counted: what is wrong about their predictions is that nothing was known yet.
constexpr int64_t kUncountedCalls = 200;
constexpr double kCostDeviations = 2;  // standard errors that the ratio may be off without being believed
constexpr double kMaxCallRatio = 100;  // one call cannot say more
constexpr double kMinCostRatio = 0.01, kMaxCostRatio = 100;

const TierView* ViewOf(const DecisionRecord& decision) {
  for (const TierView& view : decision.tiers) {
    if (view.tier == decision.tier) return &view;
  }
  return nullptr;
}

bool IsPredicted(DecisionOrigin origin) {
  return origin == DecisionOrigin::kLive || origin == DecisionOrigin::kApprentice;
}

// Events of one kind in (before, after], in order.
template <typename SeqOf>
std::vector<const ObservedDecision*> InOrder(std::span<const ObservedDecision> touched, int64_t before, int64_t after,
                                             SeqOf seq_of) {
  std::vector<std::pair<int64_t, const ObservedDecision*>> events;
  for (const ObservedDecision& observed : touched) {
    const int64_t seq = seq_of(observed);
    if (before < seq && seq <= after) events.emplace_back(seq, &observed);
  }
  std::sort(events.begin(), events.end());
  std::vector<const ObservedDecision*> ordered;
  for (const auto& [seq, observed] : events) ordered.push_back(observed);
  return ordered;
}

}  // namespace

double TierDrift::ResidualDeviation() const {
  const double spread = reward_n > 0 ? std::max(0.0, reward_squares - reward_sum * reward_sum / reward_n) : 0;
  const double prior = (kPriorWeight * kPriorVariance + spread) / (kPriorWeight + reward_n);
  return std::sqrt((kResidualPriorWeight * prior + residual_squares) / (kResidualPriorWeight + residual_n));
}

void DriftFold::Fold(std::span<const ObservedDecision> touched, LogCursor before, LogCursor after,
                     const TrustFold& trust) {
  if (!config_.enabled) return;
  const auto outcome_seq = [](const ObservedDecision& o) { return o.outcome ? o.outcome->seq : 0; };
  for (const ObservedDecision* o : InOrder(touched, before.outcome_seq, after.outcome_seq, outcome_seq)) FoldCost(*o);
  const auto first_feedback = [](const ObservedDecision& o) { return o.feedback.empty() ? 0 : o.feedback.front().seq; };
  for (const ObservedDecision* o : InOrder(touched, before.feedback_seq, after.feedback_seq, first_feedback)) {
    FoldReward(*o, trust.Believed(o->feedback.front(), o->decision));
  }
}

void DriftFold::FoldCost(const ObservedDecision& observed) {
  const DecisionRecord& decision = observed.decision;
  const OutcomeRecord& record = *observed.outcome;
  const Outcome& outcome = record.outcome;
  if (decision.origin == DecisionOrigin::kLogOnly || outcome.status != CallStatus::kOk) return;
  if (!outcome.served_tier.empty() && outcome.served_tier != decision.tier) return;
  if (record.wrong_model || (!outcome.cost_usd && !outcome.output_tokens)) return;
  auto [found, is_new] = tiers_.try_emplace(decision.tier);
  TierDrift& tier = found->second;
  if (tier.cost_predicted == 0) tier.cost_observed = tier.cost_squares = tier.cost_predicted = kCostPriorCalls;
  const TierView* view = ViewOf(decision);
  if (++tier.calls <= kUncountedCalls || view == nullptr || !IsPredicted(decision.origin)) return;
  const double predicted_usd = view->cost_usd / view->cost_ratio;
  if (!(predicted_usd > 0)) return;
  const double observed_usd = outcome.cost_usd ? *outcome.cost_usd : static_cast<double>(record.cost_nanos) * 1e-9;
  const double fade = std::exp2(-1 / config_.cost_half_life);
  const double ratio = std::min(observed_usd / predicted_usd, kMaxCallRatio);
  tier.cost_observed = tier.cost_observed * fade + ratio;
  tier.cost_squares = tier.cost_squares * fade + ratio * ratio;
  tier.cost_predicted = tier.cost_predicted * fade + 1;
}

void DriftFold::FoldReward(const ObservedDecision& observed, double reward) {
  const DecisionRecord& decision = observed.decision;
  if (decision.origin == DecisionOrigin::kLogOnly) return;
  auto [found, is_new] = tiers_.try_emplace(decision.tier);
  TierDrift& tier = found->second;
  tier.recent_us.push_back(decision.time_us);
  ++tier.rewards;
  if (tier.recent_us.size() > kRecentRewards) {
    tier.older_us = std::max(tier.older_us, tier.recent_us.front());
    tier.recent_us.pop_front();
  }
  if (!IsPredicted(decision.origin)) {
    tier.reward_n += 1;
    tier.reward_sum += reward;
    tier.reward_squares += reward * reward;
    return;
  }
  if (const TierView* view = ViewOf(decision)) FoldResidual(observed, reward, *view, tier);
}

void DriftFold::FoldResidual(const ObservedDecision& observed, double reward, const TierView& view, TierDrift& tier) {
  // What was decided before the last alarm was predicted with what that alarm threw out.
  if (!tier.alarms.empty() && observed.decision.time_us < tier.alarms.back().time_us) return;
  // What is predicted from few observations is off for other reasons, and there is little that an alarm could shrink.
  const bool learned = view.observations > std::max(config_.keep, kMinObservations) && tier.rewards > kMinRewards;
  if (!learned) return;
  const FeedbackRecord& record = observed.feedback.front();
  const double residual = reward - view.quality;
  const double deviation = tier.ResidualDeviation();
  const double z = residual / std::hypot(deviation, view.quality_sigma);
  if (!std::isfinite(z)) return;
  const double fade = std::exp2(-1 / kResidualHalfLife);
  const double clipped = std::min(std::abs(residual), Cusum::kClip * deviation);
  tier.residual_n = tier.residual_n * fade + 1;
  tier.residual_squares = tier.residual_squares * fade + clipped * clipped;
  Standardised(z, observed.decision.time_us, record, tier);
}

void DriftFold::Standardised(double z, int64_t decision_us, const FeedbackRecord& record, TierDrift& tier) {
  if (tier.cusum.drop() == 0) tier.drop_start_us = decision_us;
  if (tier.cusum.rise() == 0) tier.rise_start_us = decision_us;
  const Shift shift = tier.cusum.Add(z, config_.slack, config_.alarm);
  if (shift == Shift::kNone) return;
  int64_t start_us = std::max(shift == Shift::kDrop ? tier.drop_start_us : tier.rise_start_us, tier.older_us + 1);
  if (!tier.alarms.empty()) start_us = std::max(start_us, tier.alarms.back().start_us + 1);
  tier.alarms.push_back({.time_us = record.time_us, .start_us = start_us, .feedback_seq = record.seq, .shift = shift});
}

int64_t DriftFold::EpochAt(std::string_view tier, int64_t time_us) const {
  const auto found = tiers_.find(tier);
  if (found == tiers_.end()) return 0;
  const auto& alarms = found->second.alarms;
  const auto after = std::upper_bound(alarms.begin(), alarms.end(), time_us,
                                      [](int64_t time, const DriftAlarm& alarm) { return time < alarm.start_us; });
  return after - alarms.begin();
}

int64_t DriftFold::Epoch(std::string_view tier) const {
  const auto found = tiers_.find(tier);
  return found == tiers_.end() ? 0 : std::ssize(found->second.alarms);
}

double DriftFold::CostRatio(std::string_view tier) const {
  const auto found = tiers_.find(tier);
  if (found == tiers_.end() || found->second.cost_predicted == 0) return 1;
  const TierDrift& drift = found->second;
  const double n = drift.cost_predicted, mean = drift.cost_observed / n;
  const double error = std::sqrt(std::max(0.0, drift.cost_squares / n - mean * mean) / n);
  // The positive part of James and Stein's shrinkage: noise is not believed, and what is far beyond it is as it is.
  const double noise = std::pow(kCostDeviations * error, 2), signal = std::pow(mean - 1, 2);
  const double believed = signal > noise ? 1 - noise / signal : 0;
  return std::clamp(1 + believed * (mean - 1), kMinCostRatio, kMaxCostRatio);
}

namespace {

void AppendConfig(const DriftConfig& config, std::string& bytes) {
  AppendValue<uint8_t>(bytes, config.enabled ? 1 : 0);
  for (const double value : {config.slack, config.alarm, config.keep, config.cost_half_life}) AppendValue(bytes, value);
}

std::vector<double TierDrift::*> Sums() {
  return {&TierDrift::reward_n,         &TierDrift::reward_sum,    &TierDrift::reward_squares, &TierDrift::residual_n,
          &TierDrift::residual_squares, &TierDrift::cost_observed, &TierDrift::cost_squares,
          &TierDrift::cost_predicted};
}

void AppendTier(const TierDrift& tier, std::string& bytes) {
  tier.cusum.AppendTo(bytes);
  for (const int64_t value : {tier.drop_start_us, tier.rise_start_us, tier.older_us, tier.calls, tier.rewards}) {
    AppendValue(bytes, value);
  }
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(tier.recent_us.size()));
  for (const int64_t time_us : tier.recent_us) AppendValue(bytes, time_us);
  for (const auto sum : Sums()) AppendValue(bytes, tier.*sum);
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(tier.alarms.size()));
  for (const DriftAlarm& alarm : tier.alarms) {
    AppendValue(bytes, alarm.time_us);
    AppendValue(bytes, alarm.start_us);
    AppendValue(bytes, alarm.feedback_seq);
    AppendValue<uint8_t>(bytes, alarm.shift == Shift::kRise ? 1 : 0);
  }
}

absl::Status Malformed() { return absl::InvalidArgumentError("drift: malformed bytes"); }

absl::StatusOr<TierDrift> ReadTier(std::string_view& bytes) {
  TierDrift tier;
  SUFFICE_ASSIGN_OR_RETURN(tier.cusum, Cusum::Read(bytes));
  for (int64_t* value : {&tier.drop_start_us, &tier.rise_start_us, &tier.older_us, &tier.calls, &tier.rewards}) {
    const auto read = ReadValue<int64_t>(bytes);
    if (!read) return Malformed();
    *value = *read;
  }
  const auto recent = ReadValue<uint32_t>(bytes);
  if (!recent || *recent > DriftFold::kRecentRewards) return Malformed();
  for (uint32_t i = 0; i < *recent; ++i) {
    const auto time_us = ReadValue<int64_t>(bytes);
    if (!time_us) return Malformed();
    tier.recent_us.push_back(*time_us);
  }
  for (const auto sum : Sums()) {
    const auto value = ReadValue<double>(bytes);
    if (!value || !std::isfinite(*value) || *value < 0) return Malformed();
    tier.*sum = *value;
  }
  const auto count = ReadValue<uint32_t>(bytes);
  if (!count) return Malformed();
  for (uint32_t i = 0; i < *count; ++i) {
    const auto time_us = ReadValue<int64_t>(bytes), start_us = ReadValue<int64_t>(bytes);
    const auto feedback_seq = ReadValue<int64_t>(bytes);
    const auto rise = ReadValue<uint8_t>(bytes);
    if (!time_us || !start_us || !feedback_seq || !rise) return Malformed();
    if (i > 0 && *start_us <= tier.alarms.back().start_us) return Malformed();
    tier.alarms.push_back({*time_us, *start_us, *feedback_seq, *rise == 1 ? Shift::kRise : Shift::kDrop});
  }
  return tier;
}

}  // namespace

void DriftFold::AppendTo(std::string& bytes) const {
  AppendConfig(config_, bytes);
  AppendValue<uint32_t>(bytes, static_cast<uint32_t>(tiers_.size()));
  for (const auto& [name, tier] : tiers_) {
    AppendValue<uint32_t>(bytes, static_cast<uint32_t>(name.size()));
    bytes += name;
    AppendTier(tier, bytes);
  }
}

absl::StatusOr<DriftFold> DriftFold::Read(std::string_view& bytes, const DriftConfig& config) {
  std::string settings;
  AppendConfig(config, settings);
  if (!bytes.starts_with(settings)) return absl::InvalidArgumentError("drift: made with other settings");
  bytes.remove_prefix(settings.size());
  DriftFold result(config);
  const auto count = ReadValue<uint32_t>(bytes);
  if (!count) return Malformed();
  for (uint32_t i = 0; i < *count; ++i) {
    const auto length = ReadValue<uint32_t>(bytes);
    if (!length || *length > bytes.size()) return Malformed();
    const std::string name(bytes.substr(0, *length));
    bytes.remove_prefix(*length);
    SUFFICE_ASSIGN_OR_RETURN(result.tiers_[name], ReadTier(bytes));
  }
  return result;
}

}  // namespace suffice
