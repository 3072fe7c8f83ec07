// Measurements on recorded traffic: hidden, for they take minutes. `test_off_policy "[.coverage]"`.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "catch.h"
#include "off_policy/cross_fit.h"
#include "off_policy/real_tables.h"

namespace suffice {
namespace {

constexpr double kUsdWeight = 60;  // of a dollar, in quality: tiers are then chosen about equally often
constexpr int kRows = 1500, kLookEvery = 50;

int Logs() {
  const char* const asked = std::getenv("SUFFICE_LOGS");
  return asked != nullptr ? std::atoi(asked) : 400;
}

// The rows of a log's beginning, cross-fitted anew.
std::vector<ValueRow> RowsOf(const LogTable& log, int n) {
  LogTable beginning{.tiers = log.tiers, .features = log.features};
  beginning.rows.assign(log.rows.begin(), log.rows.begin() + n);
  const auto rows = MakeMeasureRows(beginning, {.rewards = RewardsFrom::kAll});
  REQUIRE(rows.ok());
  return rows->rows;
}

ValueEstimate Value(const std::vector<ValueRow>& rows, const PolicyTable& policy, Estimator estimator) {
  const PolicyTable part(policy.begin(), policy.begin() + std::ssize(rows));
  const auto estimate = EstimateValue(rows, part, estimator, {.intended_rows = kRows});
  REQUIRE(estimate.ok());
  return *estimate;
}

}  // namespace

TEST_CASE("coverage of cross-fitted intervals on logs drawn from recorded traffic", "[.coverage]") {
  const std::optional<KnownTable> table = LoadKnownTable();
  if (!table) return;
  const Fitted fitted = FitOnWarmup(*table);
  const KnownPolicy logging = Exploring(fitted, kUsdWeight, 0.1, 0.05);
  const std::vector<KnownPolicy> targets = FiveTargets(*table, fitted, kUsdWeight);
  constexpr Estimator kEstimators[] = {Estimator::kDr, Estimator::kSnips, Estimator::kIps, Estimator::kDm,
                                       Estimator::kSwitchDr};
  struct Tally {
    double covered[5] = {}, error = 0, squares = 0, effective = 0, largest = 0, missed = 0;
  };
  std::vector<Tally> tallies(targets.size());
  const int logs = Logs();
  std::mt19937_64 random(2026);
  std::vector<size_t> places;
  for (int k = 0; k < logs; ++k) {
    const LogTable log = DrawLog(*table, logging, kRows, random, places);
    std::vector<std::vector<ValueRow>> looks;
    for (int n = kLookEvery; n <= kRows; n += kLookEvery) looks.push_back(RowsOf(log, n));
    for (size_t t = 0; t < targets.size(); ++t) {
      const double truth = targets[t].Value(table->rows);
      const PolicyTable policy = At(targets[t], places);
      Tally& tally = tallies[t];
      for (size_t e = 0; e < 5; ++e) {
        const ValueEstimate estimate = Value(looks.back(), policy, kEstimators[e]);
        tally.covered[e] += (estimate.low <= truth && truth <= estimate.high) / static_cast<double>(logs);
        if (e > 0) continue;
        tally.error += estimate.standard_error / logs;
        tally.squares += std::pow(estimate.value - truth, 2) / logs;
        tally.effective += estimate.effective_sample_size / logs;
        tally.largest = std::max(tally.largest, estimate.largest_weight);
      }
      bool inside = true;
      for (const auto& look : looks) {
        if (!inside) break;
        const ValueEstimate estimate = Value(look, policy, Estimator::kDr);
        inside = estimate.sequence_low <= truth && truth <= estimate.sequence_high;
      }
      tally.missed += !inside / static_cast<double>(logs);
    }
  }
  std::string report = fmt::format(
      "{} logs of {} rows\n{:<14} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>9} {:>8} {:>8} {:>6} {:>8}\n", logs, kRows,
      "policy", "truth", "DR", "SNIPS", "IPS", "DM", "Switch", "sequence", "se", "rmse", "ESS", "largest");
  for (size_t t = 0; t < targets.size(); ++t) {
    const Tally& tally = tallies[t];
    report += fmt::format(
        "{:<14} {:>7.4f} {:>7.4f} {:>7.4f} {:>7.4f} {:>7.4f} {:>7.4f} {:>9.4f} {:>8.5f} {:>8.5f} {:>6.0f} {:>8.1f}\n",
        targets[t].name, targets[t].Value(table->rows), tally.covered[0], tally.covered[1], tally.covered[2],
        tally.covered[3], tally.covered[4], 1 - tally.missed, tally.error, std::sqrt(tally.squares), tally.effective,
        tally.largest);
  }
  WARN(report);
  for (const Tally& tally : tallies) {
    CHECK(tally.covered[0] >= 0.93);
    CHECK(tally.covered[0] <= 0.97);
    CHECK(tally.missed <= 0.05);
  }
}

TEST_CASE("which precision of the models leaves the smallest errors out of fold", "[.precision]") {
  const std::optional<KnownTable> table = LoadKnownTable();
  if (!table) return;
  std::mt19937_64 random(7);
  std::string report;
  const auto residual = [&](auto value, double precision, int n) {
    double sum = 0, squares = 0;
    std::vector<size_t> places;
    const KnownPolicy uniform{.table = PolicyTable(table->rows.size(), std::vector<double>(3, 1.0 / 3))};
    for (int repeat = 0; repeat < 3; ++repeat) {
      const LogTable log = DrawLog(*table, uniform, n, random, places);
      CrossFit fit(table->features->dimensions(), 3);
      for (size_t i = 0; i < log.rows.size(); ++i) {
        fit.Add(log.rows[i].tier, FoldOf(log.rows[i].id), log.rows[i].x, 1,
                value(table->rows[places[i]], log.rows[i].tier));
      }
      fit.Fit(precision);
      for (size_t i = 0; i < log.rows.size(); ++i) {
        for (size_t a = 0; a < 3; ++a) {
          const double y = value(table->rows[places[i]], a);
          sum += std::pow(y - fit.Predict(a, FoldOf(log.rows[i].id), log.rows[i].x), 2);
          squares += y * y;
        }
      }
    }
    return sum / squares;
  };
  const auto quality = [](const KnownRow& row, size_t a) { return row.quality[a]; };
  const auto cost = [](const KnownRow& row, size_t a) { return row.cost_usd[a]; };
  const auto late = [](const KnownRow& row, size_t a) { return row.latency_ms[a] > 12000 ? 1.0 : 0.0; };
  for (const int n : {500, 1500, 5000}) {
    for (const double precision : {3, 10, 30, 100, 300, 1000, 3000}) {
      report +=
          fmt::format("n {} precision {}: quality {:.5f} cost {:.5f} late {:.5f}\n", n, precision,
                      residual(quality, precision, n), residual(cost, precision, n), residual(late, precision, n));
    }
  }
  // Dollars by way of the logarithm of tokens, at what a token cost on average, instead of a line of their own.
  for (const int n : {500, 1500, 5000}) {
    double sum = 0, squares = 0;
    std::vector<size_t> places;
    const KnownPolicy uniform{.table = PolicyTable(table->rows.size(), std::vector<double>(3, 1.0 / 3))};
    for (int repeat = 0; repeat < 3; ++repeat) {
      const LogTable log = DrawLog(*table, uniform, n, random, places);
      CrossFit fit(table->features->dimensions(), 3);
      std::vector<double> tokens(3), dollars(3), squared(3), count(3);
      const auto log_tokens = [&](size_t i, size_t a) { return std::log1p(table->rows[places[i]].output_tokens[a]); };
      for (size_t i = 0; i < log.rows.size(); ++i) {
        const size_t a = log.rows[i].tier;
        fit.Add(a, FoldOf(log.rows[i].id), log.rows[i].x, 1, log_tokens(i, a));
        tokens[a] += table->rows[places[i]].output_tokens[a];
        dollars[a] += table->rows[places[i]].cost_usd[a];
      }
      fit.Fit(30);
      const auto mu = [&](size_t i, size_t a) { return fit.Predict(a, FoldOf(log.rows[i].id), log.rows[i].x); };
      for (size_t i = 0; i < log.rows.size(); ++i) {
        const size_t a = log.rows[i].tier;
        squared[a] += std::pow(log_tokens(i, a) - mu(i, a), 2);
        count[a] += 1;
      }
      for (size_t i = 0; i < log.rows.size(); ++i) {
        for (size_t a = 0; a < 3; ++a) {
          const double y = table->rows[places[i]].cost_usd[a];
          const double predicted = dollars[a] / tokens[a] * std::expm1(mu(i, a) + squared[a] / count[a] / 2);
          sum += std::pow(y - predicted, 2);
          squares += y * y;
        }
      }
    }
    report += fmt::format("n {}: cost by the logarithm of tokens {:.5f}\n", n, sum / squares);
  }
  WARN(report);
}

}  // namespace suffice
