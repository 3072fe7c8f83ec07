#include "off_policy/real_tables.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "base/ids.h"
#include "catch.h"
#include "evaluation/traffic.h"
#include "features/sketch.h"
#include "off_policy/cross_fit.h"
#include "off_policy/target_policy.h"

namespace suffice {
namespace {

constexpr uint64_t kSalt = 0x5a17;

std::filesystem::path DataFolder() {
  if (const char* named = std::getenv("SUFFICE_DATA")) return named;
  return std::filesystem::path(SUFFICE_SOURCE_DIR).parent_path() / "shared" / "data";
}

std::vector<KnownRow> Sketched(const Traffic& traffic) {
  std::vector<KnownRow> rows;
  for (const TrafficRow& given : traffic.rows) {
    KnownRow row;
    Sketch sketch;
    SketchText(given.prompt, kSalt, sketch);
    row.sketch = sketch.Encode();
    row.input_tokens = EstimateTokens(given.prompt);
    for (const TrafficTier& tier : given.tiers) {
      row.quality.push_back(tier.quality);
      row.cost_usd.push_back(tier.cost_usd.value_or(0));
      row.latency_ms.push_back(tier.latency_ms.value_or(0));
      row.output_tokens.push_back(static_cast<double>(tier.output_tokens.value_or(0)));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void Project(const FeatureSet& features, std::vector<KnownRow>& rows) {
  for (KnownRow& row : rows) {
    row.x.resize(static_cast<size_t>(features.dimensions()));
    features.Compute(*Sketch::Decode(row.sketch), row.x);
  }
}

size_t ArgMax(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

std::vector<std::vector<double>> PredictAll(const KnownTable& table, std::vector<double> KnownRow::*measure,
                                            double precision) {
  CrossFit fit(table.features->dimensions(), table.tiers.size());
  for (const KnownRow& row : table.warmup) {
    for (size_t a = 0; a < table.tiers.size(); ++a) fit.Add(a, -1, row.x, 1, (row.*measure)[a]);
  }
  fit.Fit(precision);
  std::vector<std::vector<double>> predictions;
  for (const KnownRow& row : table.rows) {
    auto& of_row = predictions.emplace_back();
    for (size_t a = 0; a < table.tiers.size(); ++a) of_row.push_back(fit.Predict(a, -1, row.x));
  }
  return predictions;
}

}  // namespace

std::optional<KnownTable> LoadKnownTable() {
  const auto folder = DataFolder();
  const std::vector<std::string> tiers{"llama-3.1-8b", "mistral-large", "gemini-2.5-pro"};
  const auto warmup = ReadTraffic((folder / "tiers3_warmup.jsonl").string(), tiers);
  const auto stream = ReadTraffic((folder / "tiers3_stream.jsonl").string(), tiers);
  if (!warmup.ok() || !stream.ok()) {
    WARN("skipped: no tiers3_warmup.jsonl and tiers3_stream.jsonl in " << folder << " (set SUFFICE_DATA)");
    return std::nullopt;
  }
  KnownTable table{.tiers = tiers, .warmup = Sketched(*warmup), .rows = Sketched(*stream)};
  SvdFitter fitter({}, {.salt = kSalt});
  for (const KnownRow& row : table.warmup) fitter.Add(*Sketch::Decode(row.sketch));
  table.features = *fitter.Fit();
  Project(*table.features, table.warmup);
  Project(*table.features, table.rows);
  return table;
}

Fitted FitOnWarmup(const KnownTable& table) {
  return {PredictAll(table, &KnownRow::quality, 300), PredictAll(table, &KnownRow::cost_usd, 30)};
}

double KnownPolicy::Value(const std::vector<KnownRow>& rows) const {
  double sum = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    sum += std::inner_product(table[i].begin(), table[i].end(), rows[i].quality.begin(), 0.0);
  }
  return sum / static_cast<double>(rows.size());
}

KnownPolicy Exploring(const Fitted& fitted, double usd_weight, double temperature, double least) {
  KnownPolicy policy{.name = "exploring"};
  for (size_t i = 0; i < fitted.quality.size(); ++i) {
    std::vector<double> p;
    for (size_t a = 0; a < fitted.quality[i].size(); ++a) {
      p.push_back(std::exp((fitted.quality[i][a] - usd_weight * fitted.cost_usd[i][a]) / temperature));
    }
    const double sum = std::accumulate(p.begin(), p.end(), 0.0), tiers = static_cast<double>(p.size());
    for (double& one : p) one = least + (1 - tiers * least) * one / sum;
    policy.table.push_back(std::move(p));
  }
  return policy;
}

std::vector<KnownPolicy> FiveTargets(const KnownTable& table, const Fitted& fitted, double usd_weight) {
  const size_t n = table.rows.size(), tiers = table.tiers.size();
  const std::vector<double> none(tiers, 0.0);
  KnownPolicy cheap{.name = "always cheap"}, strong{.name = "always strong"}, random{.name = "random"},
      greedy{.name = "greedy fitted"}, rules{.name = "five rules"};
  LogTable prompts{.tiers = table.tiers};
  for (const KnownRow& row : table.rows) prompts.rows.push_back({.sketch = row.sketch});
  std::vector<size_t> order(tiers);
  std::iota(order.begin(), order.end(), 0);
  rules.table = FiveRules(prompts, order).table;
  for (size_t i = 0; i < n; ++i) {
    const auto only = [&](size_t tier) {
      std::vector<double> row = none;
      row[tier] = 1;
      return row;
    };
    std::vector<double> scores;
    for (size_t a = 0; a < tiers; ++a) {
      scores.push_back(fitted.quality[i][a] - usd_weight * fitted.cost_usd[i][a]);
    }
    cheap.table.push_back(only(0));
    strong.table.push_back(only(tiers - 1));
    random.table.emplace_back(tiers, 1 / static_cast<double>(tiers));
    greedy.table.push_back(only(ArgMax(scores)));
  }
  return {cheap, strong, random, greedy, rules};
}

LogTable DrawLog(const KnownTable& table, const KnownPolicy& logging, int n, std::mt19937_64& random,
                 std::vector<size_t>& places) {
  std::uniform_int_distribution<size_t> any(0, table.rows.size() - 1);
  std::uniform_real_distribution<double> uniform(0, 1);
  DecisionIdGenerator ids(random());
  LogTable log{.tiers = table.tiers, .features = table.features};
  places.clear();
  for (int i = 0; i < n; ++i) {
    const size_t place = places.emplace_back(any(random));
    const KnownRow& known = table.rows[place];
    LoggedRow row{.id = ids.Next(1'700'000'000'000'000 + i * 1'000'000LL),
                  .x = known.x,
                  .input_tokens = known.input_tokens,
                  .propensity = logging.table[place]};
    double left = uniform(random);
    while (row.tier + 1 < table.tiers.size() && left >= row.propensity[row.tier]) left -= row.propensity[row.tier++];
    row.reward = known.quality[row.tier];
    row.cost_usd = known.cost_usd[row.tier];
    row.latency_ms = known.latency_ms[row.tier];
    log.rows.push_back(std::move(row));
  }
  return log;
}

PolicyTable At(const KnownPolicy& policy, const std::vector<size_t>& places) {
  PolicyTable table;
  for (const size_t place : places) table.push_back(policy.table[place]);
  return table;
}

}  // namespace suffice
