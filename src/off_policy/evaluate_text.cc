// The report of `suffice evaluate` as tables and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "off_policy/evaluate.h"
#include "off_policy/value_json.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

// The first column to the left, the others to the right, two spaces between.
void PrintRows(const std::vector<Row>& rows, std::ostream& out) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      line += c == 0 ? fmt::format("{:<{}}", row[c], widths[c]) : fmt::format("  {:>{}}", row[c], widths[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << "\n";
  }
}

std::string Number(double value, int decimals, bool sign = false) {
  if (!std::isfinite(value)) return "-";
  return sign ? fmt::format("{:+.{}f}", value, decimals) : fmt::format("{:.{}f}", value, decimals);
}

std::string Between(double low, double high, int decimals, bool sign = false) {
  return fmt::format("[{}, {}]", Number(low, decimals, sign), Number(high, decimals, sign));
}

std::string WithInterval(const ValueEstimate& estimate, double scale, int decimals, bool sign = false) {
  return fmt::format("{} {}", Number(scale * estimate.value, decimals, sign),
                     Between(scale * estimate.low, scale * estimate.high, decimals, sign));
}

void PrintValues(const EvaluateReport& report, std::ostream& out) {
  std::vector<Row> rows{{"policy", "quality (DR)", "$/1,000", "late", "ESS", "largest weight"}};
  rows[0].insert(rows[0].end(), report.tiers.begin(), report.tiers.end());
  for (const PolicyReport& policy : report.policies) {
    const ValueEstimate& dr = policy.quality[0];
    Row row{policy.name,
            WithInterval(dr, 1, 4),
            policy.cost_usd ? WithInterval(*policy.cost_usd, 1000, 3) : "-",
            policy.late ? WithInterval(*policy.late, 100, 1) + "%" : "-",
            Number(dr.effective_sample_size, 0),
            Number(dr.largest_weight, 1)};
    for (const double share : policy.tier_share) row.push_back(fmt::format("{:.1f}%", 100 * share));
    rows.push_back(std::move(row));
  }
  PrintRows(rows, out);
}

void PrintDifferences(const EvaluateReport& report, std::ostream& out) {
  std::vector<Row> rows{{"minus serving", "quality (DR)", "at every look", "$/1,000"}};
  for (const PolicyReport& policy : report.policies) {
    if (!policy.quality_difference) continue;
    const ValueEstimate& quality = *policy.quality_difference;
    rows.push_back({policy.name, WithInterval(quality, 1, 4, true),
                    Between(quality.sequence_low, quality.sequence_high, 4, true),
                    policy.cost_difference ? WithInterval(*policy.cost_difference, 1000, 3, true) : "-"});
  }
  PrintRows(rows, out);
}

void PrintEstimators(const EvaluateReport& report, std::ostream& out) {
  std::vector<Row> rows{{"quality by", "DR", "SNIPS", "IPS", "DM", "Switch-DR"}};
  for (const PolicyReport& policy : report.policies) {
    Row row{policy.name};
    for (const ValueEstimate& estimate : policy.quality) row.push_back(WithInterval(estimate, 1, 4));
    rows.push_back(std::move(row));
  }
  PrintRows(rows, out);
}

Json PolicyJson(const PolicyReport& policy, const std::vector<std::string>& tiers) {
  Json quality = Json::object(), shares = Json::object();
  for (const ValueEstimate& estimate : policy.quality)
    quality[std::string(ToString(estimate.estimator))] = ToJson(estimate);
  for (size_t a = 0; a < tiers.size(); ++a) shares[tiers[a]] = policy.tier_share[a];
  const auto or_null = [](const std::optional<ValueEstimate>& estimate) {
    return estimate ? ToJson(*estimate) : Json(nullptr);
  };
  return {{"name", policy.name},
          {"quality", std::move(quality)},
          {"cost_usd", or_null(policy.cost_usd)},
          {"late", or_null(policy.late)},
          {"quality_minus_serving", or_null(policy.quality_difference)},
          {"cost_usd_minus_serving", or_null(policy.cost_difference)},
          {"tier_share", std::move(shares)},
          {"refused", policy.refused},
          {"warnings", policy.warnings}};
}

Json BiasJson(const JudgeBias& bias) {
  return {{"labels", bias.labels},
          {"bias", bias.bias},
          {"standard_error", bias.standard_error},
          {"correlation", bias.correlation},
          {"mean_absolute_difference", bias.mean_absolute_difference},
          {"corrected", bias.IsKnown()}};
}

}  // namespace

void PrintTable(const EvaluateReport& report, std::ostream& out) {
  out << fmt::format("{} decisions, {} with a reward that counts ({}); intervals of {:.3g}% for one look\n\n",
                     report.rows, report.rewarded, ToString(report.rewards), 100 * report.confidence);
  PrintValues(report, out);
  out << "\n";
  PrintDifferences(report, out);
  out << "\n";
  PrintEstimators(report, out);
  out << "\n";
  for (const PolicyReport& policy : report.policies) {
    for (const std::string& warning : policy.warnings) out << "warning: " << warning << "\n";
  }
  for (const std::string& note : report.notes) out << "note: " << note << "\n";
}

std::string ToJson(const EvaluateReport& report) {
  Json known = Json::object(), biases = Json::object(), policies = Json::array();
  for (size_t a = 0; a < report.tiers.size(); ++a) known[report.tiers[a]] = report.known_share[a];
  for (const auto& [tier, bias] : report.judge_bias) biases[tier] = BiasJson(bias);
  for (const PolicyReport& policy : report.policies) policies.push_back(PolicyJson(policy, report.tiers));
  const Json json = {{"rows", report.rows},
                     {"rewarded", report.rewarded},
                     {"callers", report.callers},
                     {"unprojectable", report.unprojectable},
                     {"rewards", ToString(report.rewards)},
                     {"confidence", report.confidence},
                     {"late_ms", report.late_ms},
                     {"known_share", std::move(known)},
                     {"judge_bias", std::move(biases)},
                     {"policies", std::move(policies)},
                     {"notes", report.notes}};
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

}  // namespace suffice
