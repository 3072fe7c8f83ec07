// The report of `suffice evaluate` against what every tier would really have answered.
#include "off_policy/evaluate.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"
#include "off_policy/served_log.h"
#include "suffice/status.h"

namespace suffice {
namespace {

EvaluateReport MustEvaluate(EventLog& log, const EvaluateOptions& options) {
  auto report = Evaluate(log, options);
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  return *std::move(report);
}

const PolicyReport& Named(const EvaluateReport& report, const std::string& prefix) {
  for (const PolicyReport& policy : report.policies) {
    if (policy.name.starts_with(prefix)) return policy;
  }
  FAIL("no policy " << prefix);
  return report.policies[0];
}

struct Truth {
  double quality = 0, cost_usd = 0;
};
Truth Always(const Traffic& traffic, size_t tier) {
  Truth truth;
  for (const TrafficRow& row : traffic.rows) {
    truth.quality += row.tiers[tier].quality / static_cast<double>(traffic.rows.size());
    truth.cost_usd += *row.tiers[tier].cost_usd / static_cast<double>(traffic.rows.size());
  }
  return truth;
}

// Within `deviations` standard errors.
void CheckNear(const ValueEstimate& estimate, double truth, double deviations = 4) {
  CAPTURE(estimate.value, estimate.standard_error, truth);
  CHECK(std::abs(estimate.value - truth) < deviations * estimate.standard_error);
}

}  // namespace

TEST_CASE("policies that did not serve are estimated as they would have done") {
  Config config = ExampleConfig(PolicyKind::kWeighted);
  config.policy.weights = {{"small", 5}, {"medium", 3}, {"large", 2}};
  const ServedLog served = Serve({.config = config, .rows = 2000, .user_rate = 0.8});
  Config fixed = ExampleConfig(PolicyKind::kFixed);
  fixed.policy.fixed_tier = "medium";
  fixed.limits.latency.p95_ms = 4000;
  const EvaluateReport report = MustEvaluate(
      *served.log, {.policies = {{"medium.yaml", fixed}, {"learned.yaml", ExampleConfig(PolicyKind::kIgw)}}});
  CHECK(report.rows == 2000);
  CHECK(report.rewards == RewardsFrom::kAll);
  CHECK(report.late_ms == 4000);
  REQUIRE(report.policies.size() == 7);
  const std::pair<const char*, size_t> always[] = {
      {"always cheap (small)", 0}, {"medium.yaml", 1}, {"always strong (large)", 2}};
  for (const auto& [name, tier] : always) {
    const PolicyReport& policy = Named(report, name);
    const Truth truth = Always(served.traffic, tier);
    CAPTURE(name, policy.warnings);
    REQUIRE(policy.quality.size() == 5);
    for (const ValueEstimate& estimate : policy.quality) {
      if (estimate.estimator != Estimator::kDm) CheckNear(estimate, truth.quality);
    }
    CheckNear(*policy.cost_usd, truth.cost_usd);
    CHECK(policy.late.has_value());
    CHECK(policy.tier_share[tier] == 1);
    CHECK(policy.warnings.empty());
    const double serving = Named(report, "serving").quality[0].value;
    CHECK(policy.quality_difference->value == Approx(policy.quality[0].value - serving));
  }
  CHECK_FALSE(Named(report, "serving").quality_difference);
  // What was learned beats a mix that does not look at the prompt, in quality less 60 times its dollars.
  const auto worth = [&](const char* name) {
    const PolicyReport& policy = Named(report, name);
    return policy.quality[0].value - 60 * policy.cost_usd->value;
  };
  CHECK(worth("learned.yaml") > worth("serving"));

  const auto json = nlohmann::json::parse(ToJson(report));
  CHECK(json["policies"].size() == 7);
  CHECK(json["policies"][1]["quality"]["switch_dr"]["value"].is_number());
  std::ostringstream text;
  PrintTable(report, text);
  CHECK(text.str().find("five rules") != std::string::npos);
  CHECK(text.str().find("warning") == std::string::npos);
}

TEST_CASE("poor overlap is said plainly, and why") {
  Config config = ExampleConfig(PolicyKind::kWeighted);
  config.policy.weights = {{"small", 98}, {"medium", 2}};
  const ServedLog served = Serve({.config = config, .rows = 500});
  const EvaluateReport report = MustEvaluate(*served.log, {});
  CHECK(Named(report, "always cheap").warnings.empty());
  const PolicyReport& strong = Named(report, "always strong");
  CHECK(strong.quality[0].unobservable == Approx(1));
  CHECK(std::isnan(strong.quality[1].value));
  std::ostringstream text;
  PrintTable(report, text);
  CHECK(text.str().find("could not be observed") != std::string::npos);
  CHECK(nlohmann::json::parse(ToJson(report))["policies"].size() == 5);
}

TEST_CASE("a log without rewards has no value to tell of") {
  const ServedLog served = Serve({.config = ExampleConfig(PolicyKind::kRandom), .rows = 50, .user_rate = 0});
  CHECK(absl::IsFailedPrecondition(Evaluate(*served.log, {}).status()));
  const ServedLog rated = Serve({.config = ExampleConfig(PolicyKind::kRandom), .rows = 50});
  Config other = ExampleConfig(PolicyKind::kRandom);
  other.features.numeric = {{.name = "urgency"}};
  CHECK(FieldOf(Evaluate(*rated.log, {.policies = {{"p.yaml", other}}}).status()) == "policy");
}

}  // namespace suffice
