// The metrics as a scraper reads them: every line parses, every family is described once, and the numbers are those of
// the status.
#include "service/metrics.h"

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "catch.h"

namespace suffice {
namespace {

// name{labels} -> value, and every rule of the format that we rely on.
std::map<std::string, double> Parse(const std::string& text) {
  static const std::regex sample(
      R"re(([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? (-?[0-9.e+-]+))re");
  std::map<std::string, double> samples;
  std::set<std::string> described, typed;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    if (line.starts_with("# HELP ")) {
      CHECK(described.insert(line.substr(7, line.find(' ', 7) - 7)).second);
    } else if (line.starts_with("# TYPE ")) {
      const std::string name = line.substr(7, line.find(' ', 7) - 7);
      CHECK(typed.insert(name).second);
      CHECK(name.ends_with("_total") == line.ends_with(" counter"));
    } else {
      std::smatch match;
      REQUIRE(std::regex_match(line, match, sample));
      CHECK(described.count(match[1]) == 1);
      CHECK(typed.count(match[1]) == 1);
      CHECK(samples.emplace(match[1].str() + match[2].str(), std::stod(match[3])).second);
    }
  }
  CHECK(described == typed);
  return samples;
}

ServiceReport Example() {
  ServiceReport report;
  EngineStatus& s = report.engine;
  s.decisions = 120;
  s.outcomes = 110;
  s.config_name = "two \"tiers\"\\\n";
  s.limits = {{.name = "latency.p95",
               .limit = 0.05,
               .observed = 0.048,
               .low = 0.048,
               .high = 0.048,
               .observations = 110,
               .multiplier = 0.25,
               .debt = -3.5,
               .state = LimitState::kMet},
              {.name = "quality.floor", .limit = 0.9, .state = LimitState::kNoData}};
  s.budgets = {{.name = "day",
                .tenant = "acme",
                .limit_usd = 300,
                .spent_usd = 12.5,
                .reserved_usd = 0.5,
                .exposure_usd = 0.25,
                .pace_usd = 15}};
  s.tiers = {{.tier = "small", .share = 0.75, .observations = 80, .cost_ratio = 1.5, .drift_alarms = 2, .cold = true}};
  return report;
}

}  // namespace

TEST_CASE("every metric parses and says what the status says", "[service]") {
  const auto samples = Parse(MetricsText(MetricsOf(Example())));
  CHECK(samples.at("suffice_decisions_total") == 120);
  CHECK(samples.at("suffice_outcomes_total") == 110);
  CHECK(samples.at("suffice_config_last_reload_successful") == 1);
  CHECK(samples.at("suffice_limit_value{limit=\"latency.p95\"}") == 0.05);
  CHECK(samples.at("suffice_limit_observed{limit=\"latency.p95\"}") == 0.048);
  CHECK(samples.at("suffice_limit_multiplier{limit=\"latency.p95\"}") == 0.25);
  CHECK(samples.at("suffice_limit_debt{limit=\"latency.p95\"}") == -3.5);
  CHECK(samples.at("suffice_limit_state{limit=\"latency.p95\",state=\"met\"}") == 1);
  CHECK(samples.at("suffice_limit_state{limit=\"latency.p95\",state=\"breached\"}") == 0);
  CHECK(samples.at("suffice_limit_state{limit=\"quality.floor\",state=\"no_data\"}") == 1);
  CHECK(samples.count("suffice_limit_observed{limit=\"quality.floor\"}") == 0);
  const std::string account = "{budget=\"day\",tenant=\"acme\",tier=\"\"}";
  CHECK(samples.at("suffice_budget_limit_usd" + account) == 300);
  CHECK(samples.at("suffice_budget_spent_usd" + account) == 12.5);
  CHECK(samples.at("suffice_budget_reserved_usd" + account) == 0.5);
  CHECK(samples.at("suffice_budget_exposure_usd" + account) == 0.25);
  CHECK(samples.at("suffice_budget_pace_usd" + account) == 15);
  CHECK(samples.at("suffice_tier_share{tier=\"small\"}") == 0.75);
  CHECK(samples.at("suffice_tier_cost_ratio{tier=\"small\"}") == 1.5);
  CHECK(samples.at("suffice_tier_drift_alarms_total{tier=\"small\"}") == 2);
  CHECK(samples.at("suffice_tier_cold{tier=\"small\"}") == 1);
}

TEST_CASE("a refused reload, a broken log and infeasible limits are metrics", "[service]") {
  ServiceReport report = Example();
  report.reload_error = "policy.yaml:3:1: bad";
  report.engine.log_error = "disk full";
  report.engine.infeasible = "too tight";
  const auto samples = Parse(MetricsText(MetricsOf(report)));
  CHECK(samples.at("suffice_config_last_reload_successful") == 0);
  CHECK(samples.at("suffice_log_healthy") == 0);
  CHECK(samples.at("suffice_infeasible") == 1);
}

TEST_CASE("without an engine only the build and that nothing is served", "[service]") {
  const ServiceStatus status;
  const auto samples = Parse(MetricsText(StatusMetrics(&status).Collect()));
  CHECK(samples.size() == 2);
  CHECK(samples.at("suffice_serving") == 0);
  CHECK(samples.at("suffice_build_info{version=\"" SUFFICE_VERSION "\"}") == 1);
}

TEST_CASE("of very many accounts the shared ones and the largest spenders are kept, in order", "[service]") {
  std::vector<BudgetStatus> budgets;
  for (int i = 0; i < 50; ++i)
    budgets.push_back({.name = "each", .tenant = std::to_string(i), .spent_usd = i % 10 * 1.0});
  budgets.push_back({.name = "all"});
  CHECK(KeepLargestAccounts(51, budgets) == 0);
  CHECK(KeepLargestAccounts(11, budgets) == 40);
  REQUIRE(budgets.size() == 11);
  CHECK(budgets.back().name == "all");
  CHECK(budgets[0].tenant == "8");
  CHECK(budgets[1].tenant == "9");
  CHECK(budgets[9].tenant == "49");
}

}  // namespace suffice
