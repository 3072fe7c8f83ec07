#include "evaluation/plan.h"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"
#include "evaluation/example_traffic.h"
#include "evaluation/plan_page.h"
#include "evaluation/plan_words.h"

namespace suffice {
namespace {

constexpr int64_t kNow = 1'700'000'000'000'000;

Config ExampleConfig() {
  Config config;
  config.name = "example <&>";
  config.tiers = ExampleTiers();
  return config;
}

PlanOptions OptionsFor(const Config& config, const Traffic& traffic) {
  return {.config = config,
          .gather = [&traffic](const Config& with) { return EvidenceFromTraffic(with, traffic, nullptr); },
          .now_us = kNow};
}

const Traffic& SmallTraffic() {
  static const Traffic* const traffic = new Traffic(ExampleTraffic(1, 900));
  return *traffic;
}

// Two tiers, known answers: the dear one is better and slower on every request.
PlanTable TwoTiers(size_t requests) {
  PlanTable table{.tiers = 2};
  for (size_t i = 0; i < requests; ++i) {
    const double gain = 0.4 * static_cast<double>(i) / static_cast<double>(requests);
    table.cells.push_back({.quality = 0.5, .cost_usd = 1e-4, .log_latency = std::log(1000.0)});
    table.cells.push_back({.quality = 0.5 + gain, .cost_usd = 1e-3, .log_latency = std::log(1000.0 + 10.0 * i)});
  }
  return table;
}

TEST_CASE("The nearest feasible value of each limit is where brute force finds it") {
  const PlanTable table = TwoTiers(200);
  const PlanTraffic traffic;
  using Kind = PlanLimit::Kind;
  SECTION("a floor, given a cost") {
    // 1.9e-4 on average buys the dear tier for a tenth of the requests: the 20 with the largest gains.
    const std::vector<PlanLimit> limits{{.name = "cost.mean", .limit = 1.9e-4},
                                        {.name = "quality.floor", .kind = Kind::kQuality, .limit = 0.6}};
    double best = 0.5 * 200;
    for (int i = 180; i < 200; ++i) best += 0.4 * i / 200;
    const auto nearest = NearestFeasible(table, limits, traffic, 1);
    REQUIRE(nearest.has_value());
    CHECK(*nearest == Approx(best / 200).epsilon(1e-6));
  }
  SECTION("a cost, given a floor") {
    const std::vector<PlanLimit> limits{{.name = "cost.mean", .limit = 1.5e-4},
                                        {.name = "quality.floor", .kind = Kind::kQuality, .limit = 0.6}};
    // Dear calls for the largest gains until the mean is 0.6.
    double quality = 0.5 * 200, cost = 1e-4 * 200;
    for (int i = 199; quality < 0.6 * 200; --i) {
      const double part = std::min(1.0, (0.6 * 200 - quality) / (0.4 * i / 200));
      quality += part * 0.4 * i / 200;
      cost += part * 9e-4;
    }
    const auto nearest = NearestFeasible(table, limits, traffic, 0);
    REQUIRE(nearest.has_value());
    CHECK(*nearest == Approx(cost / 200).epsilon(1e-6));
  }
  SECTION("a p95, given a floor") {
    // The floor asks for 60 dear calls or so, of which 10 in all may be late.
    const std::vector<PlanLimit> limits{
        {.name = "latency.p95", .kind = Kind::kLate, .limit = 1100, .percentile = 1},
        {.name = "quality.floor", .kind = Kind::kQuality, .limit = 0.6}};
    double by_hand = 0;
    for (double ms = 1100; by_hand == 0; ms *= 1.001) {
      // On time: any dear call within ms; late: the ten with the largest gains.
      double quality = 0.5 * 200;
      for (int i = 0; i < 200; ++i) {
        if (1000.0 + 10.0 * i <= ms || i >= 190) quality += 0.4 * i / 200;
      }
      if (quality >= 0.6 * 200) by_hand = ms;
    }
    const auto nearest = NearestFeasible(table, limits, traffic, 0);
    REQUIRE(nearest.has_value());
    CHECK(*nearest == Approx(by_hand).epsilon(0.05));
  }
  SECTION("one that nothing can save") {
    const std::vector<PlanLimit> limits{{.name = "cost.mean", .limit = 5e-5},
                                        {.name = "quality.floor", .kind = Kind::kQuality, .limit = 0.6}};
    CHECK_FALSE(NearestFeasible(table, limits, traffic, 1).has_value());
  }
}

TEST_CASE("Budgets become limits on the mean cost by the requests of a day") {
  Config config = ExampleConfig();
  config.limits.cost.budgets = {{.name = "daily", .usd = 300},
                                {.name = "weekly", .usd = 70, .period = BudgetPeriod::kWeek, .each = BudgetScope::kTenant},
                                {.name = "big", .usd = 24, .period = BudgetPeriod::kHour, .tier = "large"}};
  CHECK(PlanLimitsOf(config, {}).status().message() ==
        "requests-per-day: expected the requests of a day, to see what budget daily means for each");
  const auto limits = PlanLimitsOf(config, {.requests_a_day = 1e5, .tenants = {"b", "a", "b"}});
  REQUIRE(limits.ok());
  REQUIRE(limits->size() == 4);
  CHECK((*limits)[0].name == "cost.daily");
  CHECK((*limits)[0].limit == Approx(3e-3));
  CHECK((*limits)[1].name == "cost.weekly[b]");
  CHECK((*limits)[1].limit == Approx(1e-4));
  CHECK((*limits)[2].name == "cost.weekly[a]");
  CHECK((*limits)[3].name == "cost.big");
  CHECK((*limits)[3].limit == Approx(24 * 24 / 1e5));
  CHECK((*limits)[3].tier == 2);
}

TEST_CASE("A plan on traffic keeps its limits, and its predictions come true on the known answers") {
  Config config = ExampleConfig();
  config.limits.cost.mean_usd = 3e-4;
  config.limits.latency.p95_ms = 6000;
  const auto report = MakePlan(OptionsFor(config, SmallTraffic()));
  REQUIRE(report.ok());
  const PlanScenario& plan = report->scenarios.at(0);
  REQUIRE(plan.feasible);
  CHECK(plan.expected.cost_usd <= 3e-4 * (1 + 1e-6));
  CHECK(plan.expected.late[1] <= 0.05 * (1 + 1e-6));
  REQUIRE(plan.measured.has_value());
  CHECK(plan.measured->quality == Approx(plan.expected.quality).margin(0.03));
  CHECK(plan.measured->cost_usd == Approx(plan.expected.cost_usd).epsilon(0.15));
  REQUIRE(plan.optimum.has_value());
  CHECK(plan.optimum->quality > plan.measured->quality);
  CHECK(plan.optimum->cost_usd <= 3e-4 * (1 + 1e-6));
  double shares = 0;
  for (const double share : plan.expected.tier_share) shares += share;
  CHECK(shares == Approx(1));
  // What binds says what a dollar would buy: loosening gains, tightening costs, and the multiplier agrees.
  REQUIRE(plan.limits.size() == 2);
  const PlannedLimit& cost = plan.limits[0];
  REQUIRE(cost.binds);
  REQUIRE(cost.looser.has_value());
  CHECK(cost.looser->quality > plan.expected.quality);
  REQUIRE(cost.one_step.has_value());
  const double gain = cost.one_step->quality - plan.expected.quality;
  // The gain is concave.
  CHECK(gain <= cost.multiplier * cost.step * (1 + 1e-6));
  CHECK(gain > 0.6 * cost.multiplier * cost.step);
  // Frontiers rise.
  REQUIRE(report->frontier.size() == 3);
  for (const FrontierCurve& curve : report->frontier) {
    for (size_t i = 1; i < curve.points.size(); ++i) {
      CHECK(curve.points[i].quality >= curve.points[i - 1].quality - 1e-9);
    }
  }
}

TEST_CASE("The least cost above a floor, absolute and relative") {
  Config config = ExampleConfig();
  config.objective.kind = ObjectiveKind::kMinCost;
  config.limits.quality.floor = 0.7;
  PlanOptions options = OptionsFor(config, SmallTraffic());
  Config relative = config;
  relative.limits.quality.floor = 0.95;
  relative.limits.quality.relative_to = "large";
  options.alternatives = {{"relative", relative}};
  const auto report = MakePlan(options);
  REQUIRE(report.ok());
  for (const PlanScenario& plan : report->scenarios) {
    REQUIRE(plan.feasible);
    CHECK(plan.limits[0].binds);
    CHECK(plan.limits[0].use == Approx(plan.limits[0].limit.limit).epsilon(1e-6));
    REQUIRE(plan.limits[0].one_step.has_value());
    CHECK(plan.limits[0].one_step->cost_usd < plan.expected.cost_usd);
  }
  CHECK(report->scenarios[0].expected.quality == Approx(0.7).epsilon(1e-6));
}

TEST_CASE("Limits that cannot be met together are told with a way out for each") {
  Config config = ExampleConfig();
  config.limits.cost.mean_usd = 1.5e-4;
  config.limits.quality.floor = 0.8;
  config.on_infeasible = OnInfeasible::kSafest;
  const auto report = MakePlan(OptionsFor(config, SmallTraffic()));
  REQUIRE(report.ok());
  const PlanScenario& plan = report->scenarios[0];
  CHECK_FALSE(plan.feasible);
  REQUIRE(plan.limits.size() == 2);
  for (const PlannedLimit& planned : plan.limits) REQUIRE(planned.nearest_feasible.has_value());
  CHECK(*plan.limits[0].nearest_feasible > 1.5e-4);
  CHECK(*plan.limits[1].nearest_feasible < 0.8);
  // With the nearest floor it can be met.
  Config met = config;
  met.limits.quality.floor = *plan.limits[1].nearest_feasible * (1 - 1e-6);
  const auto again = MakePlan(OptionsFor(met, SmallTraffic()));
  REQUIRE(again.ok());
  CHECK(again->scenarios[0].feasible);
  const auto words = InfeasibleWords(plan, *report);
  REQUIRE(words.size() == 4);
  CHECK(words[0].find("cannot be met together") != std::string::npos);
  CHECK(words[3].find("safest") != std::string::npos);
}

TEST_CASE("A plan without limits says so; one that no tier can serve is an error that names the key") {
  Config config = ExampleConfig();
  const auto report = MakePlan(OptionsFor(config, SmallTraffic()));
  REQUIRE(report.ok());
  std::ostringstream table;
  PrintTable(*report, table);
  CHECK(table.str().find("No limit is stated") != std::string::npos);
  CHECK(report->frontier.size() == 3);
  config.limits.cost.per_request_usd = 1e-12;
  const auto none = MakePlan(OptionsFor(config, SmallTraffic()));
  CHECK(none.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(none.status().message().find("limits.cost.per_request_usd") != std::string::npos);
}

// All text of a page's pictures; fails on a page or picture that is not well-formed.
size_t CountPictures(const std::string& html) {
  size_t count = 0;
  for (size_t at = 0; (at = html.find("<svg", at)) != std::string::npos; ++count) {
    const size_t end = html.find("</svg>", at);
    REQUIRE(end != std::string::npos);
    std::istringstream svg(html.substr(at, end + 6 - at));
    boost::property_tree::ptree tree;
    REQUIRE_NOTHROW(boost::property_tree::read_xml(svg, tree));
    at = end;
  }
  return count;
}

TEST_CASE("The page and the JSON of a plan are well-formed and complete, whatever the names") {
  Config config = ExampleConfig();
  config.tiers[1].name = "m <&> \"x\"";
  Traffic traffic = SmallTraffic();
  traffic.tier_names[1] = config.tiers[1].name;
  config.limits.cost.budgets = {{.name = "daily", .usd = 30, .kind = BudgetKind::kSoft}};
  config.limits.latency.p95_ms = 6000;
  PlanOptions options = OptionsFor(config, traffic);
  options.requests_a_day = 1e5;
  Config tight = config;
  tight.limits.latency.p95_ms = 1;
  options.alternatives = {{"limits.latency.p95_ms=1", tight}};
  const auto report = MakePlan(options);
  REQUIRE(report.ok());
  const std::string html = RenderHtml(*report);
  CHECK(CountPictures(html) == 3);  // frontier, limits as configured, shares
  CHECK(html.find("nan") == std::string::npos);
  CHECK(html.find("m <&>") == std::string::npos);
  CHECK(html.find("What-if 1: limits.latency.p95_ms=1") != std::string::npos);
  std::istringstream page(html.substr(html.find("<body>"), html.find("</html>") - html.find("<body>")));
  boost::property_tree::ptree tree;
  CHECK_NOTHROW(boost::property_tree::read_xml(page, tree));
  const auto json = nlohmann::json::parse(ToJson(*report));
  CHECK(json["scenarios"].size() == 2);
  CHECK(json["scenarios"][1]["feasible"] == false);
  CHECK(json["scenarios"][0]["limits"][0]["name"] == "cost.daily");
  CHECK(json["scenarios"][0]["expected"]["usd_a_day"].get<double>() <= 30.001);
}

}  // namespace
}  // namespace suffice
