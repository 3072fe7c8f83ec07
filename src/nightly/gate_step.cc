#include "nightly/gate_step.h"

#include <fmt/format.h>

#include <cmath>

#include "base/status_macros.h"

namespace suffice {
namespace {

constexpr double kMaxUnobservable = 0.01;

using RowsOf = std::vector<ValueRow> (*)(const EvidencePart&, const Config&);

std::vector<ValueRow> QualityRows(const EvidencePart& part, const Config&) { return part.quality; }
std::vector<ValueRow> CostRows(const EvidencePart& part, const Config&) { return part.cost_usd; }

std::vector<ValueRow> FewerDollarsRows(const EvidencePart& part, const Config&) {
  std::vector<ValueRow> rows = part.cost_usd;
  for (ValueRow& row : rows) {
    for (double& y : row.y) y = -y;
    for (double& m : row.model) m = -m;
  }
  return rows;
}

// quality - cost_weight dollars. A cost that is not known beside a known quality is taken from the model: that is rare,
// and costs are predicted well.
std::vector<ValueRow> WeightedRows(const EvidencePart& part, const Config& config) {
  if (part.quality.empty() || part.cost_usd.empty()) return {};
  std::vector<ValueRow> rows = part.quality;
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t a = 0; a < rows[i].y.size(); ++a) {
      const double model = part.cost_usd[i].model[a], y = part.cost_usd[i].y[a];
      rows[i].y[a] -= config.objective.cost_weight * (std::isfinite(y) ? y : model);
      rows[i].model[a] -= config.objective.cost_weight * model;
    }
  }
  return rows;
}

RowsOf ObjectiveRows(const Config& config) {
  switch (config.objective.kind) {
    case ObjectiveKind::kMinCost:
      return FewerDollarsRows;
    case ObjectiveKind::kWeighted:
      return WeightedRows;
    case ObjectiveKind::kMaxQuality:
      return QualityRows;
  }
  return QualityRows;
}

std::string ObjectiveName(const Config& config) {
  switch (config.objective.kind) {
    case ObjectiveKind::kMinCost:
      return "dollars saved a request";
    case ObjectiveKind::kWeighted:
      return "quality less weighted cost";
    case ObjectiveKind::kMaxQuality:
      return "quality";
  }
  return "quality";
}

// Estimates of one policy or of two, on each kind of rows and put together.
class Estimates {
 public:
  Estimates(const GateEvidence& evidence, const Config& config)
      : evidence_(evidence), config_(config), confidence_(config.nightly.confidence) {}

  // Of policy p, less policy q unless that is -1. `shares_error`: the measure has the rewards' common error.
  absl::StatusOr<ValueEstimate> Of(RowsOf rows_of, bool shares_error, size_t p, int q = -1) const {
    SUFFICE_ASSIGN_OR_RETURN(const ValueEstimate evaluations, On(evidence_.evaluations, rows_of, shares_error, p, q));
    if (!evidence_.decisions || rows_of(*evidence_.decisions, config_).empty()) return evaluations;
    SUFFICE_ASSIGN_OR_RETURN(const ValueEstimate decisions, On(*evidence_.decisions, rows_of, shares_error, p, q));
    if (!std::isfinite(decisions.value) || decisions.unobservable > kMaxUnobservable) return evaluations;
    return Combine(evaluations, decisions, confidence_);
  }

  absl::StatusOr<ValueEstimate> On(const EvidencePart& part, RowsOf rows_of, bool shares_error, size_t p, int q) const {
    ValueOptions options{.confidence = confidence_};
    if (shares_error) options.tier_standard_error = part.tier_standard_error;
    const std::vector<ValueRow> rows = rows_of(part, config_);
    if (q < 0) return EstimateValue(rows, part.policies[p], Estimator::kDr, options);
    return EstimateDifference(rows, part.policies[p], part.policies[static_cast<size_t>(q)], options);
  }

  // A limit on a mean; nothing of it may be known.
  absl::Status AddLimit(const std::string& name, double limit, bool at_most, RowsOf rows_of, bool shares_error,
                        std::vector<GateLimit>& limits) const {
    if (rows_of(evidence_.evaluations, config_).empty()) return absl::OkStatus();
    GateLimit test{.name = name, .limit = limit, .at_most = at_most};
    SUFFICE_ASSIGN_OR_RETURN(test.candidate, Of(rows_of, shares_error, GateEvidence::kCandidate));
    SUFFICE_ASSIGN_OR_RETURN(test.difference,
                             Of(rows_of, shares_error, GateEvidence::kCandidate, GateEvidence::kServing));
    limits.push_back(std::move(test));
    return absl::OkStatus();
  }

 private:
  const GateEvidence& evidence_;
  const Config& config_;
  const double confidence_;
};

template <size_t P>
std::vector<ValueRow> LateRows(const EvidencePart& part, const Config&) {
  return part.late[P];
}

absl::Status AddLimits(const Estimates& estimates, const Config& config, std::vector<GateLimit>& limits) {
  if (config.limits.cost.mean_usd > 0) {
    SUFFICE_RETURN_IF_ERROR(
        estimates.AddLimit("limits.cost.mean_usd", config.limits.cost.mean_usd, true, CostRows, false, limits));
  }
  const LatencyLimits& latency = config.limits.latency;
  const std::tuple<const char*, double, RowsOf> late[] = {{"limits.latency.p50_ms", latency.p50_ms, LateRows<0>},
                                                          {"limits.latency.p95_ms", latency.p95_ms, LateRows<1>},
                                                          {"limits.latency.p99_ms", latency.p99_ms, LateRows<2>}};
  for (size_t p = 0; p < std::size(late); ++p) {
    const auto& [key, ms, rows_of] = late[p];
    if (ms <= 0) continue;
    SUFFICE_RETURN_IF_ERROR(
        estimates.AddLimit(fmt::format("{} (late share)", key), kLateShares[p], true, rows_of, false, limits));
  }
  const QualityLimits& quality = config.limits.quality;
  if (quality.floor > 0 && quality.relative_to.empty()) {
    SUFFICE_RETURN_IF_ERROR(
        estimates.AddLimit("limits.quality.floor", quality.floor, false, QualityRows, true, limits));
  } else if (quality.floor > 0) {
    const RowsOf over = [](const EvidencePart& part, const Config&) { return part.over_reference; };
    SUFFICE_RETURN_IF_ERROR(estimates.AddLimit(
        fmt::format("limits.quality.floor (quality less {:.3g} of {}'s)", quality.floor, quality.relative_to), 0, false,
        over, true, limits));
  }
  return absl::OkStatus();
}

absl::Status AddRivals(const GateEvidence& evidence, const Estimates& estimates, const Config& config,
                       std::vector<GateRival>& rivals) {
  for (size_t p = 0; p < evidence.policies.size(); ++p) {
    GateRival rival{.name = evidence.policies[p]};
    SUFFICE_ASSIGN_OR_RETURN(rival.quality, estimates.Of(QualityRows, true, p));
    SUFFICE_ASSIGN_OR_RETURN(rival.cost_usd, estimates.Of(CostRows, false, p));
    if (!evidence.evaluations.late[1].empty()) {
      SUFFICE_ASSIGN_OR_RETURN(rival.late, estimates.Of(LateRows<1>, false, p));
    }
    if (p != GateEvidence::kCandidate) {
      const bool has_quality = config.objective.kind != ObjectiveKind::kMinCost;
      SUFFICE_ASSIGN_OR_RETURN(rival.difference, estimates.Of(ObjectiveRows(config), has_quality,
                                                              GateEvidence::kCandidate, static_cast<int>(p)));
    }
    rivals.push_back(std::move(rival));
  }
  return absl::OkStatus();
}

// As many evaluations as would tell as much as evaluations and decisions together do.
int64_t WorthInEvaluations(const ValueEstimate& alone, const ValueEstimate& together, int64_t evaluations) {
  if (!(together.standard_error > 0)) return evaluations;
  const double ratio = alone.standard_error / together.standard_error;
  return std::llround(static_cast<double>(evaluations) * ratio * ratio);
}

}  // namespace

absl::StatusOr<GateOutcome> JudgeCandidate(const GateEvidence& evidence, const Config& config) {
  const Estimates estimates(evidence, config);
  const bool has_quality = config.objective.kind != ObjectiveKind::kMinCost;
  GateOutcome outcome{.evaluations = evidence.evaluations.observed, .notes = evidence.notes};
  if (evidence.decisions && !evidence.decisions->quality.empty()) outcome.decisions = evidence.decisions->observed;
  GateInput& input = outcome.input;
  input.objective = ObjectiveName(config);
  input.confidence = config.nightly.confidence;
  input.margin = has_quality ? config.nightly.margin : 0;
  input.max_unobservable = kMaxUnobservable;
  const RowsOf objective = ObjectiveRows(config);
  constexpr auto kCandidate = GateEvidence::kCandidate, kServing = GateEvidence::kServing;
  SUFFICE_ASSIGN_OR_RETURN(input.difference, estimates.Of(objective, has_quality, kCandidate, kServing));
  SUFFICE_ASSIGN_OR_RETURN(const ValueEstimate alone,
                           estimates.On(evidence.evaluations, objective, has_quality, kCandidate, kServing));
  input.audits = WorthInEvaluations(alone, input.difference, outcome.evaluations);
  SUFFICE_RETURN_IF_ERROR(AddLimits(estimates, config, input.limits));
  SUFFICE_RETURN_IF_ERROR(AddRivals(evidence, estimates, config, input.rivals));
  outcome.verdict = DecideGate(input);
  return outcome;
}

}  // namespace suffice
