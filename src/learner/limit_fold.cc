#include "learner/limit_fold.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace suffice {
namespace {

constexpr double kMostSlack = 200;        // requests' worth that may be saved up
constexpr double kLeastReference = 0.05;  // keeps shares of a reference tier's quality finite
constexpr int64_t kYoungAudits = 100;

// Events of one kind between two places in the log, in its order, each with its decision.
template <typename Event>
using InOrder = std::vector<std::pair<const ObservedDecision*, const Event*>>;

template <typename Event>
void SortBySeq(InOrder<Event>& events) {
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.second->seq < b.second->seq; });
}

bool CountsForLimits(const DecisionRecord& decision) {
  return decision.origin == DecisionOrigin::kLive || decision.origin == DecisionOrigin::kApprentice;
}

bool RuledOutByRequest(ExclusionReason reason) {
  return reason != ExclusionReason::kNone && reason <= ExclusionReason::kContextWindow;
}

std::optional<double> LatencyOf(const Outcome& outcome, LatencyMetric metric) {
  return metric == LatencyMetric::kTotal ? outcome.latency_ms : outcome.time_to_first_token_ms;
}

}  // namespace

void LimitDebt::Add(double use, double limit_value) { Add(use, limit_value, use / limit_value - 1); }

void LimitDebt::Add(double use, double limit_value, double excess) {
  if (limit != limit_value) {
    limit = limit_value;
    sum = 0;
    n = 0;
  }
  debt = std::max(-kMostSlack, debt + excess);
  sum += use;
  ++n;
}

double FloorOf(const QualityLimits& limits, const DecisionRecord& decision, double reference_error) {
  if (limits.relative_to.empty()) return limits.floor;
  for (const TierView& view : decision.tiers) {
    if (view.tier != limits.relative_to) continue;
    return limits.floor * std::max(view.quality + reference_error, kLeastReference);
  }
  return limits.floor;
}

void LimitFold::Fold(const std::vector<ObservedDecision>& touched, LogCursor before, LogCursor after,
                     Statistics& statistics, ConfigBook& configs) {
  InOrder<OutcomeRecord> outcomes;
  InOrder<FeedbackRecord> feedbacks;
  for (const ObservedDecision& observed : touched) {
    if (observed.outcome && observed.outcome->seq > before.outcome_seq && observed.outcome->seq <= after.outcome_seq) {
      outcomes.emplace_back(&observed, &*observed.outcome);
    }
    // Later opinions on the same answer would count it twice.
    if (observed.feedback.empty()) continue;
    const FeedbackRecord& first = observed.feedback.front();
    if (first.seq > before.feedback_seq && first.seq <= after.feedback_seq) feedbacks.emplace_back(&observed, &first);
  }
  SortBySeq(outcomes);
  SortBySeq(feedbacks);
  for (const auto& [observed, outcome] : outcomes) {
    if (observed->decision.origin == DecisionOrigin::kLogOnly) continue;
    const Config* config = configs.Find(observed->decision.config_hash);
    const std::span<const float> x = statistics.Project(observed->decision);
    if (config != nullptr && !x.empty()) AddOutcome(*observed, x, *config);
  }
  for (const auto& [observed, feedback] : feedbacks) {
    if (observed->decision.origin == DecisionOrigin::kLogOnly) continue;
    const Config* config = configs.Find(observed->decision.config_hash);
    if (config == nullptr) continue;
    const double reward = statistics.trust().Believed(*feedback, observed->decision);
    AddReference(observed->decision, reward, config->limits.quality);
    if (CountsForLimits(observed->decision)) AddFeedback(observed->decision, reward, *config);
  }
}

void LimitFold::AddOutcome(const ObservedDecision& observed, std::span<const float> x, const Config& config) {
  const DecisionRecord& decision = observed.decision;
  const OutcomeRecord& outcome = *observed.outcome;
  newest_us_ = std::max(newest_us_, decision.time_us);
  AddContext(decision, x);
  AddLatency(decision, outcome, x, config.limits.latency);
  if (!CountsForLimits(decision)) return;
  if (const double limit = config.limits.cost.mean_usd; limit > 0) {
    cost_.Add(static_cast<double>(outcome.cost_nanos) * 1e-9, limit);
  }
}

void LimitFold::AddContext(const DecisionRecord& decision, std::span<const float> x) {
  // An evaluation runs one prompt on one tier after another: it is one context.
  const bool same = !contexts_.empty() && decision.origin == DecisionOrigin::kEval &&
                    std::equal(x.begin(), x.end(), contexts_.back().x.begin(), contexts_.back().x.end());
  if (same) return;
  LimitContext context{.x = {x.begin(), x.end()},
                       .input_tokens = decision.input_tokens_estimate,
                       .max_output_tokens = decision.max_output_tokens,
                       .tenant = decision.tenant};
  for (const TierView& view : decision.tiers) {
    if (RuledOutByRequest(view.exclusion)) context.excluded.push_back(view.tier);
  }
  contexts_.push_back(std::move(context));
  if (contexts_.size() > kContexts) contexts_.pop_front();
  ++contexts_seen_;
}

void LimitFold::AddLatency(const DecisionRecord& decision, const OutcomeRecord& outcome, std::span<const float> x,
                           const LatencyLimits& limits) {
  const Outcome& told = outcome.outcome;
  const std::optional<double> latency = LatencyOf(told, limits.metric);
  const bool timed_out = told.status == CallStatus::kTimeout;
  const bool answered = told.status == CallStatus::kOk && latency && *latency > 0;
  const bool by_its_tier = told.served_tier.empty() || told.served_tier == decision.tier;
  if (answered && by_its_tier && !outcome.wrong_model) {
    auto& recent = latencies_[decision.tier];
    recent.push_back({{x.begin(), x.end()}, std::log(WarmLatencyMs(*latency, decision)), decision.input_tokens_estimate,
                      outcome.time_us});
    if (recent.size() > kLatencies) recent.pop_front();
  }
  if (!CountsForLimits(decision) || !(answered || timed_out)) return;
  if (answered) recent_ms_.emplace_back(decision.time_us, static_cast<float>(*latency));
  if (recent_ms_.size() > kRecent) recent_ms_.pop_front();
  const std::array<double, 3> limit_ms{limits.p50_ms, limits.p95_ms, limits.p99_ms};
  for (size_t p = 0; p < late_.size(); ++p) {
    if (limit_ms[p] > 0) late_[p].Add(timed_out || *latency > limit_ms[p] ? 1 : 0, kLateShares[p]);
  }
}

void LimitFold::AddReference(const DecisionRecord& decision, double reward, const QualityLimits& limits) {
  if (limits.relative_to != reference_tier_) {
    reference_tier_ = limits.relative_to;
    reference_n_ = reference_sum_ = reference_squares_ = 0;
  }
  if (reference_tier_.empty() || decision.tier != reference_tier_) return;
  reference_n_ += 1;
  reference_sum_ += reward;
  reference_squares_ += reward * reward;
}

double LimitFold::ReferenceError() const {
  if (reference_n_ < 2) return 0;
  const double mean = reference_sum_ / reference_n_;
  constexpr double kUpper95 = 1.6448536269514722;
  return kUpper95 * std::sqrt(std::max(0.0, reference_squares_ / reference_n_ - mean * mean) / reference_n_);
}

void LimitFold::AddFeedback(const DecisionRecord& decision, double reward, const Config& config) {
  const QualityLimits& limits = config.limits.quality;
  if (limits.floor == 0) return;
  const double floor = FloorOf(limits, decision, ReferenceError());
  floor_.Add(limits.relative_to.empty() ? reward : limits.floor * reward / floor, limits.floor, 1 - reward / floor);
  if (!decision.audit) return;
  if (audited_floor_ != limits.floor || audits_.n() >= limits.window_audits) {
    audits_before_ = audited_floor_ == limits.floor ? audits_ : ConfidenceSequence();
    audits_ = ConfidenceSequence(limits.confidence);
    audited_floor_ = limits.floor;
  }
  audits_.Add(limits.relative_to.empty() ? reward : (1 + reward - floor) / 2);
  if (audits_.n() >= kYoungAudits) audits_before_ = ConfidenceSequence();
}

}  // namespace suffice
