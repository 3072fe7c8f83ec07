#include "evaluation/plan_evidence.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "learner/snapshot.h"

namespace suffice {
namespace {

// What the known answer would cost at another price: by its tokens, else by the ratio of the output prices.
double CostAt(const TrafficTier& answer, const Price& price, const Price& recorded) {
  const double by_tokens = (price.input_usd_per_mtok * static_cast<double>(answer.input_tokens.value_or(0)) +
                            price.output_usd_per_mtok * static_cast<double>(answer.output_tokens.value_or(0))) *
                           1e-6;
  if (!answer.cost_usd) return by_tokens;
  if (price == recorded) return *answer.cost_usd;
  if (answer.input_tokens && answer.output_tokens) return by_tokens;
  if (recorded.output_usd_per_mtok <= 0) return *answer.cost_usd;
  return *answer.cost_usd * price.output_usd_per_mtok / recorded.output_usd_per_mtok;
}

PlanCell KnownCell(const TrafficTier& answer, const Price& price, const Price& recorded, LatencyMetric metric) {
  const std::optional<double>& latency = metric == LatencyMetric::kFirstToken ? answer.ttft_ms : answer.latency_ms;
  return {.quality = answer.quality,
          .cost_usd = CostAt(answer, price, recorded),
          .log_latency = latency && *latency > 0 ? std::log(*latency) : std::numeric_limits<double>::infinity()};
}

PlanCell PredictedCell(const PlanRequest& request, const Config& config, const Tier& tier, const TierModel& model,
                       int64_t time_us) {
  const TierPrediction p =
      model.Predict(request.x, request.input_tokens, request.max_output_tokens, tier.PriceAt(time_us));
  const double cap = config.limits.cost.per_request_usd;
  const bool excluded =
      std::find(request.excluded.begin(), request.excluded.end(), tier.name) != request.excluded.end();
  return {.eligible = !excluded && !(cap > 0 && p.cost_high_usd > cap),
          .quality = p.quality,
          .cost_usd = p.cost_usd,
          .log_latency = p.log_latency,
          .input_tokens = request.input_tokens};
}

// Gives the model what it left unexplained of every latency that was shown.
void SpreadLikeAll(const PlanLearned& learned, const std::string& tier, TierModel& model) {
  const auto shown = learned.latencies.find(tier);
  if (shown == learned.latencies.end()) return;
  std::vector<LatencyResidual> residuals;
  residuals.reserve(shown->second.size());
  for (const LatencyObservation& latency : shown->second) {
    residuals.push_back({latency.log_ms - model.ExpectedLogLatency(latency.x), latency.input_tokens});
  }
  model.SetLatencyResiduals(residuals);
}

}  // namespace

PlanTable PredictAnswers(const PlanEvidence& evidence, const Config& config, int64_t time_us,
                         std::vector<size_t>& kept) {
  const auto shared = std::make_shared<const Config>(config);
  const size_t tiers = config.tiers.size();
  PlanTable table{.tiers = static_cast<int>(tiers)};
  for (const PlanLearned& learned : evidence.learned) {
    const SnapshotPtr snapshot = MakeSnapshot(0, {}, shared, "", learned.statistics, {.fold = &learned.limits});
    for (size_t k = 0; k < tiers; ++k) {
      table.models.push_back(snapshot->models[k]);
      SpreadLikeAll(learned, config.tiers[k].name, table.models.back());
    }
  }
  kept.clear();
  std::vector<PlanCell> row(tiers);
  for (size_t i = 0; i < evidence.requests.size(); ++i) {
    const PlanRequest& request = evidence.requests[i];
    bool any = false;
    for (size_t k = 0; k < tiers; ++k) {
      const size_t model = static_cast<size_t>(request.learned) * tiers + k;
      row[k] = PredictedCell(request, config, config.tiers[k], table.models[model], time_us);
      row[k].model = static_cast<int>(model);
      any |= row[k].eligible;
    }
    if (!any) continue;
    kept.push_back(i);
    table.cells.insert(table.cells.end(), row.begin(), row.end());
  }
  return table;
}

std::optional<PlanTable> KnownAnswers(const PlanEvidence& evidence, const Config& config, const Config& recorded,
                                      int64_t time_us, const std::vector<size_t>& kept) {
  if (!evidence.known) return std::nullopt;
  const Traffic& known = *evidence.known;
  std::vector<size_t> columns;
  for (const Tier& tier : config.tiers) {
    const auto found = std::find(known.tier_names.begin(), known.tier_names.end(), tier.name);
    if (found == known.tier_names.end() || recorded.TierIndex(tier.name) < 0) return std::nullopt;
    columns.push_back(static_cast<size_t>(found - known.tier_names.begin()));
  }
  PlanTable table{.tiers = static_cast<int>(config.tiers.size())};
  for (const size_t i : kept) {
    for (size_t k = 0; k < columns.size(); ++k) {
      const Price& before = recorded.tiers[static_cast<size_t>(recorded.TierIndex(config.tiers[k].name))].price;
      PlanCell cell = KnownCell(known.rows[i].tiers[columns[k]], config.tiers[k].PriceAt(time_us), before,
                                config.limits.latency.metric);
      const double cap = config.limits.cost.per_request_usd;
      cell.eligible = !(cap > 0 && cell.cost_usd > cap);
      table.cells.push_back(cell);
    }
  }
  return table;
}

}  // namespace suffice
