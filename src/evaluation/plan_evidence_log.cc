#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "base/status_macros.h"
#include "engine/row_policy.h"
#include "evaluation/newest_decisions.h"
#include "evaluation/plan_evidence.h"
#include "learner/learner.h"

namespace suffice {
namespace {

constexpr double kUsPerDay = 86400e6;
constexpr double kCentral95 = 1.959963984540054;

PlanRequest RequestOf(const DecisionRecord& decision, Statistics& statistics) {
  const std::span<const float> x = statistics.Project(decision);
  PlanRequest request{.x = {x.begin(), x.end()},
                      .input_tokens = decision.input_tokens_estimate,
                      .max_output_tokens = decision.max_output_tokens};
  for (const TierView& view : decision.tiers) {
    if (ByRequest(view.exclusion)) request.excluded.push_back(view.tier);
  }
  return request;
}

// Adds up what became of decisions.
class TodayTally {
 public:
  explicit TodayTally(const Config& config)
      : config_(config),
        limits_ms_{config.limits.latency.p50_ms, config.limits.latency.p95_ms, config.limits.latency.p99_ms} {
    today_.tier_share.resize(config.tiers.size());
  }

  // `predicted`: quality of the chosen tier, by the newest statistics; nothing when that cannot be had.
  void Add(const ObservedDecision& observed, const std::optional<double>& predicted) {
    const DecisionRecord& decision = observed.decision;
    if (today_.decisions++ == 0) first_us_ = decision.time_us;
    last_us_ = decision.time_us;
    if (const int tier = config_.TierIndex(decision.tier); tier >= 0) {
      today_.tier_share[static_cast<size_t>(tier)] += 1;
    }
    if (observed.outcome) AddOutcome(*observed.outcome);
    if (!observed.feedback.empty()) AddReward(observed.feedback, predicted);
  }

  PlanToday Finish();

 private:
  void AddOutcome(const OutcomeRecord& record) {
    ++today_.settled;
    today_.cost_usd += static_cast<double>(record.cost_nanos) * 1e-9;
    const auto& latency = config_.limits.latency.metric == LatencyMetric::kFirstToken
                              ? record.outcome.time_to_first_token_ms
                              : record.outcome.latency_ms;
    if (!latency) return;
    latencies_.push_back(*latency);
    for (size_t p = 0; p < limits_ms_.size(); ++p) today_.late[p] += limits_ms_[p] > 0 && *latency > limits_ms_[p];
  }

  void AddReward(const std::vector<FeedbackRecord>& feedback, const std::optional<double>& predicted) {
    double reward = 0;
    for (const FeedbackRecord& record : feedback) reward += record.feedback.reward;
    reward /= static_cast<double>(feedback.size());
    ++today_.rated;
    sum_ += reward;
    squares_ += reward * reward;
    predicted_ += predicted.value_or(reward);
  }

  const Config& config_;
  const std::array<double, 3> limits_ms_;
  PlanToday today_;
  int64_t first_us_ = 0, last_us_ = 0;
  double sum_ = 0, squares_ = 0, predicted_ = 0;
  std::vector<double> latencies_;
};

PlanToday TodayTally::Finish() {
  for (double& share : today_.tier_share) share /= std::max<double>(1, static_cast<double>(today_.decisions));
  today_.days = static_cast<double>(last_us_ - first_us_) / kUsPerDay;
  if (today_.rated > 0) {
    const double n = static_cast<double>(today_.rated), mean = sum_ / n;
    const double variance = std::max(0.0, squares_ / n - mean * mean) * n / std::max(1.0, n - 1);
    const double half = kCentral95 * std::sqrt(variance / n);
    today_.quality = mean;
    today_.quality_low = std::max(0.0, mean - half);
    today_.quality_high = std::min(1.0, mean + half);
    today_.predicted_quality = predicted_ / n;
  }
  if (today_.settled > 0) today_.cost_usd /= static_cast<double>(today_.settled);
  today_.timed = std::ssize(latencies_);
  if (today_.timed > 0) {
    for (double& late : today_.late) late /= static_cast<double>(today_.timed);
    const auto place = static_cast<size_t>(std::ceil(0.95 * static_cast<double>(today_.timed))) - 1;
    std::nth_element(latencies_.begin(), latencies_.begin() + static_cast<std::ptrdiff_t>(place), latencies_.end());
    today_.p95_ms = latencies_[place];
  }
  return today_;
}

}  // namespace

absl::StatusOr<PlanEvidence> EvidenceFromLog(EventLog& log, const Config& config, int64_t rows) {
  SUFFICE_ASSIGN_OR_RETURN(Learner learner, Learner::Resume(&log, std::make_shared<const Config>(config)));
  SUFFICE_RETURN_IF_ERROR(learner.CatchUpFully());
  const SnapshotPtr snapshot = learner.NextSnapshot();
  SUFFICE_ASSIGN_OR_RETURN(const std::vector<DecisionRecord> decisions, NewestDecisions(log, rows));
  if (decisions.empty()) {
    return absl::FailedPreconditionError("the log has no decisions yet; plan needs some traffic to plan for");
  }
  PlanEvidence evidence;
  Statistics statistics = learner.statistics();
  TodayTally tally(config);
  for (const DecisionRecord& decision : decisions) {
    PlanRequest request = RequestOf(decision, statistics);
    SUFFICE_ASSIGN_OR_RETURN(const std::optional<ObservedDecision> observed, log.Find(decision.id));
    const int tier = config.TierIndex(decision.tier);
    std::optional<double> predicted;
    if (tier >= 0 && !request.x.empty()) {
      predicted = snapshot->models[static_cast<size_t>(tier)]
                      .Predict(request.x, request.input_tokens, request.max_output_tokens,
                               config.tiers[static_cast<size_t>(tier)].price)
                      .quality;
    }
    if (observed) tally.Add(*observed, predicted);
    if (request.x.empty()) continue;
    evidence.traffic.tenants.push_back(decision.tenant);
    evidence.requests.push_back(std::move(request));
  }
  evidence.today = tally.Finish();
  if (snapshot->observations < 1 || evidence.today->settled == 0) {
    return absl::FailedPreconditionError(
        fmt::format("the log's newest {} decisions have {} outcomes, and {:.0f} rewards stand behind the statistics: "
                    "plan needs both to predict anything",
                    decisions.size(), evidence.today->settled, snapshot->observations));
  }
  if (evidence.requests.empty()) {
    return absl::FailedPreconditionError("no decision of the log can be projected on its present features");
  }
  if (evidence.today->days > 0) {
    evidence.traffic.requests_a_day = static_cast<double>(decisions.size() - 1) / evidence.today->days;
  }
  evidence.learned.push_back({std::move(statistics), learner.limits()});
  evidence.source = fmt::format("the newest {} decisions of the log", decisions.size());
  return evidence;
}

}  // namespace suffice
