// Logs drawn from recorded traffic whose every answer is known, so that the truth is known too.
// Thread contract: confined to one thread.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "features/feature_set.h"
#include "off_policy/log_rows.h"
#include "off_policy/policy_value.h"

namespace suffice {

// One prompt with every tier's answer.
struct KnownRow {
  std::string sketch;
  std::vector<float> x;
  double input_tokens = 0;
  std::vector<double> quality, cost_usd, latency_ms, output_tokens;  // by tier
};

struct KnownTable {
  std::vector<std::string> tiers;
  FeatureSetPtr features;        // fitted on the warm-up's prompts
  std::vector<KnownRow> warmup;  // what the logging policy was fitted on
  std::vector<KnownRow> rows;    // what logs are drawn from
};

// tiers3_warmup.jsonl and tiers3_stream.jsonl from the folder that SUFFICE_DATA names, or else shared/data beside the
// source. Nothing, and a WARN, where they are missing.
std::optional<KnownTable> LoadKnownTable();

// Predictions of quality and cost fitted on the warm-up: [row][tier].
struct Fitted {
  std::vector<std::vector<double>> quality, cost_usd;
};
Fitted FitOnWarmup(const KnownTable& table);

// A policy over the rows of a known table.
struct KnownPolicy {
  std::string name;
  PolicyTable table;                                      // [row][tier]
  double Value(const std::vector<KnownRow>& rows) const;  // mean quality
};

// Tiers are 0 (cheap) to last (strong) in the table's order.
std::vector<KnownPolicy> FiveTargets(const KnownTable& table, const Fitted& fitted, double usd_weight);
// Softmax of fitted quality - usd_weight cost, at least `least` for each tier.
KnownPolicy Exploring(const Fitted& fitted, double usd_weight, double temperature, double least);

// A log of `n` rows drawn with replacement; `places` gets which.
LogTable DrawLog(const KnownTable& table, const KnownPolicy& logging, int n, std::mt19937_64& random,
                 std::vector<size_t>& places);
// The policy's rows at the places.
PolicyTable At(const KnownPolicy& policy, const std::vector<size_t>& places);

}  // namespace suffice
