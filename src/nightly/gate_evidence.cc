#include "nightly/gate_evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/status_macros.h"
#include "features/sketch.h"
#include "learner/learner.h"
#include "off_policy/target_policy.h"
#include "refit/refit.h"

namespace suffice {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kPage = 4096;

absl::StatusOr<SnapshotPtr> SnapshotAt(Learner& learner, LogCursor end) {
  for (bool more = true; more;) {
    SUFFICE_ASSIGN_OR_RETURN(more, learner.CatchUp(kPage, end));
  }
  return learner.NextSnapshot();
}

absl::StatusOr<std::vector<float>> Project(const FeatureSet& features, const std::string& bytes) {
  SUFFICE_ASSIGN_OR_RETURN(const Sketch sketch, Sketch::Decode(bytes));
  std::vector<float> x(static_cast<size_t>(features.dimensions()));
  features.Compute(sketch, x);
  return x;
}

// One policy's shares of the tiers for one prompt; the cheapest tier stands in where the policy would refuse.
absl::StatusOr<std::vector<double>> Shares(const Snapshot& snapshot, const LoggedRow& row, std::span<const float> x,
                                           const std::vector<std::string>& tiers, size_t cheapest, int64_t& refused) {
  auto shares = DecidePrompt(snapshot,
                             {.x = x,
                              .input_tokens = row.input_tokens,
                              .max_output_tokens = row.max_output_tokens,
                              .tenant = row.tenant,
                              .time_us = row.time_us,
                              .ruled_out = row.ruled_out},
                             tiers);
  if (shares.ok() || shares.status().code() != absl::StatusCode::kFailedPrecondition) return shares;
  ++refused;
  std::vector<double> stand_in(tiers.size(), 0);
  stand_in[cheapest] = 1;
  return stand_in;
}

class Gatherer {
 public:
  Gatherer(EventLog& log, const EvidenceInput& input)
      : log_(log), run_(*input.run), config_(*input.config), evaluations_(*input.evaluations), input_(input) {}

  absl::StatusOr<GateEvidence> Gather() {
    SUFFICE_ASSIGN_OR_RETURN(evidence_.candidate, CandidateSnapshot(log_, config_, input_.release, run_.end));
    SUFFICE_RETURN_IF_ERROR(ReadTraffic());
    OrderTiers();
    SUFFICE_RETURN_IF_ERROR(AddEvaluations());
    SUFFICE_RETURN_IF_ERROR(AddDecisions());
    return std::move(evidence_);
  }

 private:
  void Show(double fraction) const {
    if (input_.progress) input_.progress(fraction);
  }
  void Note(std::string words) { evidence_.notes.push_back(std::move(words)); }
  const FeatureSet& features() const { return *evidence_.candidate->features; }

  absl::Status ReadTraffic();
  void OrderTiers();
  absl::Status AddEvaluations();
  absl::StatusOr<LoggedRow> PromptOf(const EvaluatedSample& evaluated,
                                     const std::map<std::string, const LoggedRow*>& logged) const;
  absl::Status AddServing(LogTable& prompts);
  absl::StatusOr<std::vector<PolicyTable>> PoliciesFor(const LogTable& prompts);
  // Measures of the evaluations: `value` gives an answer's, if it is known; `model` the prediction for a row and tier.
  std::vector<ValueRow> MeasureEvaluations(const std::function<std::optional<double>(const EvaluatedAnswer&)>& value,
                                           const std::function<double(const TierPrediction&)>& model) const;
  void AddOverReference();
  absl::Status AddDecisions();
  absl::Status AddDecisionMeasures(const std::vector<size_t>& kept, EvidencePart& part);
  absl::StatusOr<std::vector<ValueRow>> MeasureDecisions(const std::vector<size_t>& kept, const MeasureOptions& options,
                                                         EvidencePart& part) const;

  EventLog& log_;
  const NightlyRun& run_;
  const Config& config_;
  const Evaluations& evaluations_;
  const EvidenceInput& input_;
  GateEvidence evidence_;
  std::vector<size_t> by_cost_;  // tiers of the configuration, cheapest first
  int64_t refused_ = 0;
};

absl::Status Gatherer::ReadTraffic() {
  for (const Tier& tier : config_.tiers) evidence_.tiers.push_back(tier.name);
  auto traffic = ReadLogTable(log_, evidence_.candidate->features, evidence_.tiers,
                              {.end = run_.end,
                               .decision_seq = run_.decision_seq,
                               .max_rows = std::max<int64_t>(1, run_.decision_seq - run_.after_seq),
                               .latency = config_.limits.latency.metric,
                               .progress = [this](double fraction) { Show(0.5 * fraction); }});
  if (!traffic.ok()) {
    if (traffic.status().code() != absl::StatusCode::kFailedPrecondition) return traffic.status();
    evidence_.traffic = {.tiers = evidence_.tiers, .features = evidence_.candidate->features};
    Note("The log has no decisions of a policy to judge by: the evaluations alone are behind the verdict.");
    return absl::OkStatus();
  }
  evidence_.traffic = *std::move(traffic);
  evidence_.tiers = evidence_.traffic.tiers;
  return absl::OkStatus();
}

// By what answers cost in the evaluations.
void Gatherer::OrderTiers() {
  std::vector<double> sum(config_.tiers.size(), 0), count(config_.tiers.size(), 0);
  for (const EvaluatedSample& evaluated : evaluations_.samples) {
    for (const auto& [tier, answer] : evaluated.answers) {
      const auto a = static_cast<size_t>(config_.TierIndex(tier));
      sum[a] += answer.cost_usd;
      ++count[a];
    }
  }
  by_cost_.resize(config_.tiers.size());
  std::iota(by_cost_.begin(), by_cost_.end(), size_t{0});
  const auto mean = [&](size_t a) {
    return count[a] > 0 ? sum[a] / count[a] : std::numeric_limits<double>::infinity();
  };
  std::stable_sort(by_cost_.begin(), by_cost_.end(), [&](size_t a, size_t b) { return mean(a) < mean(b); });
}

absl::StatusOr<LoggedRow> Gatherer::PromptOf(const EvaluatedSample& evaluated,
                                             const std::map<std::string, const LoggedRow*>& logged) const {
  const NightlySample& sample = evaluated.sample;
  LoggedRow row{.time_us = run_.started_us,
                .tenant = sample.tenant,
                .sketch = sample.sketch,
                .input_tokens = sample.input_tokens_estimate,
                .weight = sample.Weight()};
  SUFFICE_ASSIGN_OR_RETURN(row.x, Project(features(), sample.sketch));
  row.propensity.assign(evidence_.tiers.size(), 0);
  for (const auto& [tier, p] : sample.propensities) {
    const auto at = std::find(evidence_.tiers.begin(), evidence_.tiers.end(), tier);
    if (at != evidence_.tiers.end()) row.propensity[static_cast<size_t>(at - evidence_.tiers.begin())] = p;
  }
  if (const auto found = logged.find(sample.id); found != logged.end()) {
    row.max_output_tokens = found->second->max_output_tokens;
    row.ruled_out = found->second->ruled_out;
  } else if (const auto at = std::find(evidence_.tiers.begin(), evidence_.tiers.end(), sample.served_tier);
             at != evidence_.tiers.end()) {  // the caller chose
    row.propensity.assign(evidence_.tiers.size(), 0);
    row.propensity[static_cast<size_t>(at - evidence_.tiers.begin())] = 1;
  }
  return row;
}

// What serves now, for prompts that no policy has decided.
absl::Status Gatherer::AddServing(LogTable& prompts) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t in_force, ReleaseInForce(log_));
  SUFFICE_ASSIGN_OR_RETURN(Learner learner, Learner::Begin(&log_, std::make_shared<const Config>(config_), in_force));
  SUFFICE_ASSIGN_OR_RETURN(const SnapshotPtr serving, SnapshotAt(learner, run_.end));
  for (LoggedRow& row : prompts.rows) {
    if (std::accumulate(row.propensity.begin(), row.propensity.end(), 0.0) > 0) continue;
    SUFFICE_ASSIGN_OR_RETURN(const std::vector<float> x, Project(*serving->features, row.sketch));
    int64_t refused = 0;
    SUFFICE_ASSIGN_OR_RETURN(row.propensity, Shares(*serving, row, x, evidence_.tiers, by_cost_.front(), refused));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PolicyTable>> Gatherer::PoliciesFor(const LogTable& prompts) {
  std::vector<PolicyTable> policies(2);
  for (const LoggedRow& row : prompts.rows) {
    SUFFICE_ASSIGN_OR_RETURN(std::vector<double> shares,
                             Shares(*evidence_.candidate, row, row.x, evidence_.tiers, by_cost_.front(), refused_));
    policies[GateEvidence::kCandidate].push_back(std::move(shares));
    policies[GateEvidence::kServing].push_back(row.propensity);
  }
  evidence_.policies = {"candidate", "serving"};
  for (size_t i = 0; i < by_cost_.size(); ++i) {
    const char* place = i == 0 ? " (cheapest)" : i + 1 == by_cost_.size() ? " (dearest)" : "";
    evidence_.policies.push_back(fmt::format("always {}{}", evidence_.tiers[by_cost_[i]], place));
    policies.push_back(AlwaysFirst(prompts, {by_cost_[i]}, "").table);
  }
  evidence_.policies.push_back("random");
  policies.push_back(RandomPolicy(prompts, by_cost_).table);
  evidence_.policies.push_back("five rules");
  policies.push_back(FiveRules(prompts, by_cost_).table);
  return policies;
}

std::vector<ValueRow> Gatherer::MeasureEvaluations(
    const std::function<std::optional<double>(const EvaluatedAnswer&)>& value,
    const std::function<double(const TierPrediction&)>& model) const {
  const size_t tiers = evidence_.tiers.size();
  std::vector<ValueRow> rows;
  std::vector<double> known(tiers, 0);
  for (size_t i = 0; i < evidence_.evaluated.size(); ++i) {
    const LoggedRow& prompt = evidence_.evaluations.prompts.rows[i];
    ValueRow row{.weight = prompt.weight,
                 .observed = std::vector<double>(tiers, 0),
                 .y = std::vector<double>(tiers, kNan),
                 .model = std::vector<double>(tiers, 0)};
    for (size_t a = 0; a < config_.tiers.size(); ++a) {
      const Tier& tier = config_.tiers[a];
      row.model[a] = model(evidence_.candidate->models[a].Predict(
          prompt.x, prompt.input_tokens, prompt.max_output_tokens, tier.PriceAt(run_.started_us)));
      const auto answer = evidence_.evaluated[i]->answers.find(tier.name);
      if (answer == evidence_.evaluated[i]->answers.end()) continue;
      if (const std::optional<double> y = value(answer->second)) {
        row.y[a] = *y;
        ++known[a];
      }
    }
    rows.push_back(std::move(row));
  }
  // Failures are taken to hit any prompt alike: the share that succeeded is the probability of being known.
  for (ValueRow& row : rows) {
    for (size_t a = 0; a < tiers; ++a) row.observed[a] = known[a] / static_cast<double>(rows.size());
  }
  return rows;
}

// q_a - floor q_reference, whose mean is to be at least 0.
void Gatherer::AddOverReference() {
  const QualityLimits& limit = config_.limits.quality;
  const int reference = limit.floor > 0 && !limit.relative_to.empty() ? config_.TierIndex(limit.relative_to) : -1;
  if (reference < 0) return;
  const auto r = static_cast<size_t>(reference);
  EvidencePart& part = evidence_.evaluations;
  part.over_reference = part.quality;
  for (ValueRow& row : part.over_reference) {
    const double y = row.y[r], m = row.model[r], p = row.observed[r];
    for (size_t a = 0; a < row.y.size(); ++a) {
      row.y[a] -= limit.floor * y;
      row.model[a] -= limit.floor * m;
      if (a != r) row.observed[a] *= p;
    }
  }
}

absl::Status Gatherer::AddEvaluations() {
  EvidencePart& part = evidence_.evaluations;
  part.prompts = {.tiers = evidence_.tiers, .features = evidence_.candidate->features};
  std::map<std::string, const LoggedRow*> logged;
  for (const LoggedRow& row : evidence_.traffic.rows) logged.emplace(row.id.ToString(), &row);
  bool need_serving = false;
  for (const EvaluatedSample& evaluated : evaluations_.samples) {
    if (!evaluated.held_out) continue;
    const bool scored = std::any_of(evaluated.answers.begin(), evaluated.answers.end(),
                                    [](const auto& answer) { return answer.second.reward.has_value(); });
    if (!scored) continue;
    SUFFICE_ASSIGN_OR_RETURN(LoggedRow row, PromptOf(evaluated, logged));
    need_serving |= !evaluated.sample.from_log;
    part.prompts.rows.push_back(std::move(row));
    evidence_.evaluated.push_back(&evaluated);
  }
  if (evidence_.evaluated.empty()) {
    return absl::FailedPreconditionError(
        "no held-out sample has a judge's score: draw more (nightly.sample), or hold more out (nightly.holdout)");
  }
  if (need_serving) SUFFICE_RETURN_IF_ERROR(AddServing(part.prompts));
  SUFFICE_ASSIGN_OR_RETURN(part.policies, PoliciesFor(part.prompts));
  part.quality = MeasureEvaluations([](const EvaluatedAnswer& answer) { return answer.reward; },
                                    [](const TierPrediction& prediction) { return prediction.quality; });
  part.cost_usd = MeasureEvaluations([](const EvaluatedAnswer& answer) { return answer.cost_usd; },
                                     [](const TierPrediction& prediction) { return prediction.cost_usd; });
  const LatencyLimits& latency = config_.limits.latency;
  const std::array<double, 3> limits_ms{latency.p50_ms, latency.p95_ms, latency.p99_ms};
  for (size_t p = 0; p < limits_ms.size(); ++p) {
    if (limits_ms[p] <= 0 || latency.metric == LatencyMetric::kFirstToken) continue;
    part.late[p] = MeasureEvaluations(
        [&](const EvaluatedAnswer& answer) { return answer.latency_ms > limits_ms[p] ? 1.0 : 0.0; },
        [&](const TierPrediction& prediction) { return prediction.latency_ms > limits_ms[p] ? 1.0 : 0.0; });
  }
  AddOverReference();
  part.observed = std::ssize(evidence_.evaluated);
  part.tier_standard_error =
      SharedErrors(evidence_.tiers, evaluations_.bias, std::vector<double>(evidence_.tiers.size(), 1));
  if (refused_ > 0) Note(fmt::format("The candidate would refuse {} of the held-out prompts.", refused_));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ValueRow>> Gatherer::MeasureDecisions(const std::vector<size_t>& kept,
                                                                 const MeasureOptions& options,
                                                                 EvidencePart& part) const {
  SUFFICE_ASSIGN_OR_RETURN(const MeasureRows all, MakeMeasureRows(evidence_.traffic, options));
  std::vector<ValueRow> rows;
  int64_t observed = 0;
  for (const size_t i : kept) {
    rows.push_back(all.rows[i]);
    observed += std::any_of(rows.back().y.begin(), rows.back().y.end(), [](double y) { return std::isfinite(y); });
  }
  if (observed == 0) return absl::FailedPreconditionError("nothing was observed of the held-out decisions");
  if (options.measure == Measure::kQuality) {
    part.observed = observed;
    part.tier_standard_error = all.tier_standard_error;
  }
  return rows;
}

absl::Status Gatherer::AddDecisionMeasures(const std::vector<size_t>& kept, EvidencePart& part) {
  const auto measure = [&](const MeasureOptions& options) -> absl::StatusOr<std::vector<ValueRow>> {
    auto rows = MeasureDecisions(kept, options, part);
    if (rows.status().code() == absl::StatusCode::kFailedPrecondition) return std::vector<ValueRow>();
    return rows;
  };
  SUFFICE_ASSIGN_OR_RETURN(part.cost_usd, measure({.measure = Measure::kCost}));
  const LatencyLimits& latency = config_.limits.latency;
  const std::array<double, 3> limits_ms{latency.p50_ms, latency.p95_ms, latency.p99_ms};
  for (size_t p = 0; p < limits_ms.size(); ++p) {
    if (limits_ms[p] <= 0) continue;
    SUFFICE_ASSIGN_OR_RETURN(part.late[p], measure({.measure = Measure::kLate, .late_ms = limits_ms[p]}));
  }
  if (!IsBiasKnown(evaluations_, config_.tiers)) {
    Note(
        "Too few answers were rated by users and judges alike to know the judges' bias: logged rewards are on another "
        "scale than the judges' scores, and the evaluations alone say how good the answers are.");
    return absl::OkStatus();
  }
  SUFFICE_ASSIGN_OR_RETURN(part.quality, measure({.measure = Measure::kQuality}));
  return absl::OkStatus();
}

absl::Status Gatherer::AddDecisions() {
  std::set<std::string> sampled;
  for (const EvaluatedSample& evaluated : evaluations_.samples) sampled.insert(evaluated.sample.id);
  if (!evaluations_.samples.empty() && !evaluations_.samples.front().sample.from_log) {
    if (!evidence_.traffic.rows.empty()) {
      Note("The prompts came from a file: logged decisions are of other prompts, and have no say in the verdict.");
    }
    return absl::OkStatus();
  }
  EvidencePart part{.prompts = {.tiers = evidence_.tiers, .features = evidence_.candidate->features}};
  std::vector<size_t> kept;
  for (size_t i = 0; i < evidence_.traffic.rows.size(); ++i) {
    const LoggedRow& row = evidence_.traffic.rows[i];
    const std::string id = row.id.ToString();
    if (sampled.contains(id) || !IsHeldOut(id, config_.nightly.holdout, run_.seed)) continue;
    kept.push_back(i);
    part.prompts.rows.push_back(row);
  }
  if (kept.empty()) return absl::OkStatus();
  SUFFICE_RETURN_IF_ERROR(AddDecisionMeasures(kept, part));
  SUFFICE_ASSIGN_OR_RETURN(part.policies, PoliciesFor(part.prompts));
  evidence_.decisions = std::move(part);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SnapshotPtr> CandidateSnapshot(EventLog& log, const Config& config,
                                              std::shared_ptr<const Release> release, LogCursor end) {
  if (release->features == nullptr) return absl::FailedPreconditionError("the candidate has no features");
  SUFFICE_ASSIGN_OR_RETURN(Config changed, WithOverrides(config, *release));
  Learner learner(&log, std::make_shared<const Config>(std::move(changed)), std::move(release));
  return SnapshotAt(learner, end);
}

absl::StatusOr<GateEvidence> GatherEvidence(EventLog& log, const EvidenceInput& input) {
  return Gatherer(log, input).Gather();
}

ValueEstimate Combine(const ValueEstimate& a, const ValueEstimate& b, double confidence) {
  const double va = a.standard_error * a.standard_error, vb = b.standard_error * b.standard_error;
  // Without an error there is nothing to weigh by: the larger one speaks.
  if (!(va > 0 && vb > 0)) return a.rows >= b.rows ? a : b;
  const double wa = vb / (va + vb), wb = va / (va + vb);
  ValueEstimate both = a;
  both.value = wa * a.value + wb * b.value;
  both.standard_error = std::sqrt(va * vb / (va + vb));
  const double pa = wa * wa * va, pb = wb * wb * vb;                                   // parts of the variance
  both.degrees = (pa + pb) * (pa + pb) / (pa * pa / a.degrees + pb * pb / b.degrees);  // Welch and Satterthwaite
  both.skewness = (std::pow(pa, 1.5) * a.skewness + std::pow(pb, 1.5) * b.skewness) / std::pow(pa + pb, 1.5);
  both.effective_sample_size = a.effective_sample_size + b.effective_sample_size;
  both.largest_weight = std::max(a.largest_weight, b.largest_weight);
  both.unobservable = wa * a.unobservable + wb * b.unobservable;
  both.rows = a.rows + b.rows;
  both.low = both.LowerBound(0.5 + confidence / 2);
  both.high = both.UpperBound(0.5 + confidence / 2);
  // Of the two sequences the weighted mean of the ends holds wherever both do; it is wider than need be.
  both.sequence_low = wa * a.sequence_low + wb * b.sequence_low;
  both.sequence_high = wa * a.sequence_high + wb * b.sequence_high;
  return both;
}

}  // namespace suffice
