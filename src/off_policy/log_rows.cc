#include "off_policy/log_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "base/status_macros.h"
#include "engine/row_policy.h"
#include "learner/statistics.h"
#include "off_policy/cross_fit.h"

namespace suffice {
namespace {

constexpr int64_t kPage = 4096;
constexpr int64_t kEnoughAudits = 200;  // for kAuto
constexpr double kMostlyKnown = 0.9;    // likewise

// Precisions of the models' features that left the smallest errors out of fold ([.precision] in tests/off_policy).
constexpr double kQualityPrecision = 100, kCostPrecision = 30, kLatePrecision = 300;

class TableReader {
 public:
  TableReader(EventLog& log, FeatureSetPtr features, const std::vector<std::string>& tiers,
              const LogTableOptions& options)
      : log_(log), options_(options), projector_(features, /*half_life=*/0) {
    table_.features = std::move(features);
    for (const std::string& tier : tiers) TierIndex(tier);
  }

  absl::StatusOr<LogTable> Read();

 private:
  struct Place {
    bool is_row = false;
    size_t index = 0;
  };
  struct Mean {
    double sum = 0, n = 0;
    void Add(double value) {
      sum += value;
      n += 1;
    }
  };

  absl::Status ReadDecisions();
  absl::Status ReadEvents();
  void Take(const DecisionRecord& decision);
  void Observe(const ObservedDecision& observed);
  void Settle(const ObservedDecision& observed, LoggedRow& row) const;
  size_t TierIndex(const std::string& tier);
  void CorrectJudges();
  void Show(double fraction) const {
    if (options_.progress) options_.progress(fraction);
  }

  EventLog& log_;
  const LogTableOptions& options_;
  Statistics projector_;
  LogTable table_;
  std::vector<Mean> predicted_;  // cost by tier
  absl::flat_hash_map<std::string, size_t> tier_index_;
  absl::flat_hash_map<int64_t, Place> places_;      // by the decision's seq
  absl::flat_hash_map<int64_t, JudgedPair> pairs_;  // likewise
};

size_t TableReader::TierIndex(const std::string& tier) {
  const auto [found, is_new] = tier_index_.try_emplace(tier, table_.tiers.size());
  if (is_new) table_.tiers.push_back(tier);
  return found->second;
}

void TableReader::Take(const DecisionRecord& decision) {
  if (decision.origin == DecisionOrigin::kLogOnly) return;
  const bool is_row = decision.origin == DecisionOrigin::kLive && decision.propensity > 0;
  if (decision.origin == DecisionOrigin::kApprentice) ++table_.callers;
  const std::span<const float> x = projector_.Project(decision);
  if (x.empty()) {
    ++table_.unprojectable;
    return;
  }
  for (const TierView& view : decision.tiers) TierIndex(view.tier);  // in the configuration's order
  LoggedRow row{.id = decision.id,
                .time_us = decision.time_us,
                .tenant = decision.tenant,
                .sketch = is_row ? decision.sketch : std::string(),
                .x = {x.begin(), x.end()},
                .input_tokens = decision.input_tokens_estimate,
                .max_output_tokens = decision.max_output_tokens,
                .tier = TierIndex(decision.tier),
                .weight = decision.keep_probability > 0 ? 1 / decision.keep_probability : 1,
                .audit = decision.audit,
                .audit_probability = decision.audit_probability};
  row.propensity.resize(table_.tiers.size());
  for (const TierView& view : decision.tiers) {
    if (is_row) row.propensity[TierIndex(view.tier)] = view.propensity;
    predicted_.resize(table_.tiers.size());
    predicted_[TierIndex(view.tier)].Add(view.cost_usd);
    if (ByRequest(view.exclusion)) row.ruled_out.push_back(view.tier);
  }
  std::vector<LoggedRow>& rows = is_row ? table_.rows : table_.lessons;
  places_[decision.seq] = {is_row, rows.size()};
  rows.push_back(std::move(row));
}

absl::Status TableReader::ReadDecisions() {
  SUFFICE_ASSIGN_OR_RETURN(int64_t last, log_.LastDecisionSeq());
  last = std::min(last, options_.decision_seq);
  const int64_t first = std::max<int64_t>(0, last - options_.max_rows);
  for (int64_t after = first; after < last;) {
    const int64_t page_start = after;
    SUFFICE_RETURN_IF_ERROR(log_.ScanDecisions(after, kPage, [&](const DecisionRecord& decision) {
      if (decision.seq > last) return false;
      after = decision.seq;
      Take(decision);
      return true;
    }));
    if (after == page_start) break;
    Show(0.5 * static_cast<double>(after - first) / static_cast<double>(last - first));
  }
  predicted_.resize(table_.tiers.size());
  for (const Mean& mean : predicted_) table_.predicted_usd.push_back(mean.n > 0 ? mean.sum / mean.n : 0);
  for (std::vector<LoggedRow>* rows : {&table_.rows, &table_.lessons}) {
    for (LoggedRow& row : *rows) row.propensity.resize(table_.tiers.size());
  }
  return absl::OkStatus();
}

void TableReader::Settle(const ObservedDecision& observed, LoggedRow& row) const {
  if (!observed.outcome || observed.outcome->seq > options_.end.outcome_seq) return;
  const Outcome& outcome = observed.outcome->outcome;
  row.cost_usd = static_cast<double>(observed.outcome->cost_nanos) * 1e-9;
  if (outcome.status == CallStatus::kTimeout) row.latency_ms = std::numeric_limits<double>::infinity();
  if (outcome.status != CallStatus::kOk) return;
  row.latency_ms = options_.latency == LatencyMetric::kFirstToken ? outcome.time_to_first_token_ms : outcome.latency_ms;
}

void TableReader::Observe(const ObservedDecision& observed) {
  const DecisionRecord& decision = observed.decision;
  const auto found = places_.find(decision.seq);
  if (found == places_.end()) return;
  LoggedRow& row = (found->second.is_row ? table_.rows : table_.lessons)[found->second.index];
  Settle(observed, row);
  const RewardsBySource rewards = RewardsOf(observed, options_.end.feedback_seq);
  if (rewards.users > 0) {
    row.reward = rewards.user;
    row.judged = false;
  } else if (rewards.judges > 0) {
    row.reward = rewards.judge;
    row.judged = true;
  }
  if (rewards.users > 0 && rewards.judges > 0) pairs_[decision.seq] = {decision.tier, rewards.user, rewards.judge};
}

absl::Status TableReader::ReadEvents() {
  LogCursor cursor;
  for (bool more = true; more;) {
    SUFFICE_ASSIGN_OR_RETURN(const LogTail tail, log_.ReadTail(cursor, kPage));
    for (const ObservedDecision& observed : tail.touched) Observe(observed);
    const bool past_end =
        tail.end.outcome_seq >= options_.end.outcome_seq && tail.end.feedback_seq >= options_.end.feedback_seq;
    more = tail.more && tail.end != cursor && !past_end;
    cursor = tail.end;
  }
  return absl::OkStatus();
}

void TableReader::CorrectJudges() {
  std::vector<JudgedPair> pairs;
  for (const auto& [seq, pair] : pairs_) pairs.push_back(pair);
  table_.judge_bias = EstimateJudgeBias(pairs);
  if (!options_.correct_judges) return;
  for (std::vector<LoggedRow>* rows : {&table_.rows, &table_.lessons}) {
    for (LoggedRow& row : *rows) {
      const auto bias = table_.judge_bias.find(table_.tiers[row.tier]);
      if (row.judged && bias != table_.judge_bias.end()) row.reward = bias->second.Corrected(*row.reward);
    }
  }
}

absl::StatusOr<LogTable> TableReader::Read() {
  SUFFICE_RETURN_IF_ERROR(ReadDecisions());
  SUFFICE_RETURN_IF_ERROR(ReadEvents());
  CorrectJudges();
  Show(1);
  if (!table_.rows.empty()) return std::move(table_);
  return absl::FailedPreconditionError(
      fmt::format("the log has no decision to estimate on: {} of its decisions were their callers' own choice, {} "
                  "cannot be projected on the present features (made with others, and without a sketch)",
                  table_.callers, table_.unprojectable));
}

std::optional<double> MeasureOf(const LoggedRow& row, const MeasureOptions& options) {
  switch (options.measure) {
    case Measure::kQuality:
      return row.reward;
    case Measure::kCost:
      return row.cost_usd;
    case Measure::kLate:
      if (!row.latency_ms) return std::nullopt;
      return *row.latency_ms > options.late_ms ? 1 : 0;
  }
  return std::nullopt;
}

double PrecisionOf(const MeasureOptions& options) {
  if (options.precision > 0) return options.precision;
  switch (options.measure) {
    case Measure::kQuality:
      return kQualityPrecision;
    case Measure::kCost:
      return kCostPrecision;
    case Measure::kLate:
      return kLatePrecision;
  }
  return kQualityPrecision;
}

RewardsFrom ChooseRewards(const LogTable& table, RewardsFrom asked) {
  if (asked != RewardsFrom::kAuto) return asked;
  int64_t audited = 0, known = 0;
  for (const LoggedRow& row : table.rows) {
    if (!row.audit || row.audit_probability <= 0) continue;
    ++audited;
    known += row.reward.has_value();
  }
  const bool enough =
      known >= kEnoughAudits && static_cast<double>(known) >= kMostlyKnown * static_cast<double>(audited);
  return enough ? RewardsFrom::kAudited : RewardsFrom::kAll;
}

// Counts of one tier's decisions.
struct Shares {
  double chosen = 0;  // could have been known: audited ones, where these alone count
  double known = 0;
  double judged = 0;  // of `known`, by a judge alone
};

// Whether a row's measure would count if it were known.
bool Counts(const LoggedRow& row, bool audited_only) {
  return !audited_only || (row.audit && row.audit_probability > 0);
}

std::vector<Shares> SharesOf(const LogTable& table, const MeasureOptions& options, bool audited_only) {
  std::vector<Shares> shares(table.tiers.size());
  for (const LoggedRow& row : table.rows) {
    if (!Counts(row, audited_only)) continue;
    Shares& tier = shares[row.tier];
    tier.chosen += row.weight;
    if (!MeasureOf(row, options)) continue;
    tier.known += row.weight;
    if (options.measure == Measure::kQuality && row.judged) tier.judged += row.weight;
  }
  return shares;
}

CrossFit FitModels(const LogTable& table, const MeasureOptions& options) {
  CrossFit models(table.features->dimensions(), table.tiers.size());
  const auto teach = [&](const LoggedRow& row, int fold) {
    if (const std::optional<double> y = MeasureOf(row, options)) models.Add(row.tier, fold, row.x, 1, *y);
  };
  for (const LoggedRow& row : table.rows) teach(row, FoldOf(row.id));
  for (const LoggedRow& row : table.lessons) teach(row, -1);
  models.Fit(PrecisionOf(options));
  return models;
}

ValueRow RowOf(const LoggedRow& logged, std::span<const double> known_share, bool audited_only, const CrossFit& models,
               const std::optional<double>& y) {
  const size_t tiers = known_share.size();
  ValueRow row{.weight = logged.weight,
               .observed = logged.propensity,
               .y = std::vector<double>(tiers, std::numeric_limits<double>::quiet_NaN()),
               .model = std::vector<double>(tiers)};
  for (size_t a = 0; a < tiers; ++a) {
    row.observed[a] *= known_share[a] * (audited_only ? logged.audit_probability : 1);
    row.model[a] = models.Predict(a, FoldOf(logged.id), logged.x);
  }
  if (y && Counts(logged, audited_only) && row.observed[logged.tier] > 0) row.y[logged.tier] = *y;
  return row;
}

}  // namespace

std::string_view ToString(Measure measure) {
  switch (measure) {
    case Measure::kQuality:
      return "quality";
    case Measure::kCost:
      return "cost_usd";
    case Measure::kLate:
      return "late";
  }
  return "";
}

std::string_view ToString(RewardsFrom rewards) {
  switch (rewards) {
    case RewardsFrom::kAudited:
      return "audited";
    case RewardsFrom::kAll:
      return "all";
    case RewardsFrom::kAuto:
      return "auto";
  }
  return "";
}

absl::StatusOr<LogTable> ReadLogTable(EventLog& log, FeatureSetPtr features, const std::vector<std::string>& tiers,
                                      const LogTableOptions& options) {
  return TableReader(log, std::move(features), tiers, options).Read();
}

absl::StatusOr<MeasureRows> MakeMeasureRows(const LogTable& table, const MeasureOptions& options) {
  MeasureRows result;
  const bool is_quality = options.measure == Measure::kQuality;
  result.rewards = is_quality ? ChooseRewards(table, options.rewards) : RewardsFrom::kAll;
  const bool audited_only = result.rewards == RewardsFrom::kAudited;
  std::vector<double> judged_share;
  for (const Shares& tier : SharesOf(table, options, audited_only)) {
    result.known_share.push_back(tier.chosen > 0 ? tier.known / tier.chosen : 0);
    judged_share.push_back(tier.known > 0 ? tier.judged / tier.known : 0);
  }
  if (is_quality) result.tier_standard_error = SharedErrors(table.tiers, table.judge_bias, judged_share);

  const CrossFit models = FitModels(table, options);
  result.rows.reserve(table.rows.size());
  for (const LoggedRow& logged : table.rows) {
    const std::optional<double> y = MeasureOf(logged, options);
    result.rows.push_back(RowOf(logged, result.known_share, audited_only, models, y));
    result.observed += std::isfinite(result.rows.back().y[logged.tier]);
  }
  if (result.observed > 0) return result;
  return absl::FailedPreconditionError(fmt::format("{}: none of the log's {} decisions has one{}",
                                                   ToString(options.measure), table.rows.size(),
                                                   audited_only ? " that was audited" : ""));
}

}  // namespace suffice
