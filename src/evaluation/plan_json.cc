#include <nlohmann/json.hpp>

#include "evaluation/plan_report.h"
#include "evaluation/write_file.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

Json PointJson(const PlanPoint& point, const PlanReport& report) {
  Json shares = Json::object();
  for (size_t k = 0; k < point.tier_share.size(); ++k) shares[report.tier_names[k]] = point.tier_share[k];
  Json json{{"quality", point.quality}, {"cost_usd", point.cost_usd}};
  json["usd_a_day"] = report.requests_a_day > 0 ? Json(point.cost_usd * report.requests_a_day) : Json(nullptr);
  json["late"] = {{"p50", point.late[0]}, {"p95", point.late[1]}, {"p99", point.late[2]}};
  json["p95_ms"] = point.p95_ms > 0 ? Json(point.p95_ms) : Json(nullptr);
  json["tier_share"] = std::move(shares);
  return json;
}

Json PointOrNull(const std::optional<PlanPoint>& point, const PlanReport& report) {
  return point ? PointJson(*point, report) : Json(nullptr);
}

Json LimitJson(const PlannedLimit& planned, const PlanReport& report) {
  const PlanLimit& limit = planned.limit;
  Json json{{"name", limit.name}, {"limit", limit.limit}, {"allowed_use", AllowedUse(limit)}, {"use", planned.use},
            {"binds", planned.binds}, {"multiplier", planned.multiplier}};
  json["step"] = {{"what", StepName(limit, report.requests_a_day)},
                  {"size", planned.step},
                  {"point", PointOrNull(planned.one_step, report)}};
  json["looser"] = PointOrNull(planned.looser, report);
  json["tighter"] = PointOrNull(planned.tighter, report);
  json["nearest_feasible"] = planned.nearest_feasible ? Json(*planned.nearest_feasible) : Json(nullptr);
  return json;
}

Json ScenarioJson(const PlanScenario& scenario, const PlanReport& report) {
  Json limits = Json::array();
  for (const PlannedLimit& planned : scenario.limits) limits.push_back(LimitJson(planned, report));
  return {{"name", scenario.name},
          {"objective", scenario.objective},
          {"requests", scenario.requests},
          {"unanswered", scenario.unanswered},
          {"feasible", scenario.feasible},
          {"on_infeasible", scenario.on_infeasible},
          {"expected", PointJson(scenario.expected, report)},
          {"measured", PointOrNull(scenario.measured, report)},
          {"optimum", PointOrNull(scenario.optimum, report)},
          {"limits", std::move(limits)}};
}

Json TodayJson(const PlanToday& today, const PlanReport& report) {
  Json shares = Json::object();
  for (size_t k = 0; k < today.tier_share.size(); ++k) shares[report.tier_names[k]] = today.tier_share[k];
  Json quality{{"mean", today.quality},
               {"low", today.quality_low},
               {"high", today.quality_high},
               {"predicted", today.predicted_quality}};
  return {{"decisions", today.decisions},
          {"days", today.days},
          {"rated", today.rated},
          {"quality", today.rated > 0 ? std::move(quality) : Json(nullptr)},
          {"settled", today.settled},
          {"cost_usd", today.cost_usd},
          {"timed", today.timed},
          {"late", {{"p50", today.late[0]}, {"p95", today.late[1]}, {"p99", today.late[2]}}},
          {"p95_ms", today.timed > 0 ? Json(today.p95_ms) : Json(nullptr)},
          {"tier_share", std::move(shares)}};
}

Json FrontierJson(const PlanReport& report) {
  Json curves = Json::array();
  for (const FrontierCurve& curve : report.frontier) {
    Json points = Json::array();
    for (const PlanPoint& point : curve.points) points.push_back(PointJson(point, report));
    curves.push_back({{"label", curve.label},
                      {"p95_ms", curve.p95_ms > 0 ? Json(curve.p95_ms) : Json(nullptr)},
                      {"stated", curve.stated},
                      {"points", std::move(points)}});
  }
  return curves;
}

}  // namespace

std::string ToJson(const PlanReport& report) {
  Json json{{"config", {{"name", report.config_name}, {"hash", report.config_hash}}},
            {"policy", report.policy},
            {"source", report.source}};
  json["requests_a_day"] = report.requests_a_day > 0 ? Json(report.requests_a_day) : Json(nullptr);
  json["today"] = report.today ? TodayJson(*report.today, report) : Json(nullptr);
  json["scenarios"] = Json::array();
  for (const PlanScenario& scenario : report.scenarios) json["scenarios"].push_back(ScenarioJson(scenario, report));
  json["always"] = Json::object();
  for (size_t k = 0; k < report.always.size(); ++k) {
    json["always"][report.tier_names[k]] = PointJson(report.always[k], report);
  }
  json["always_known"] = report.always_known;
  json["frontier"] = FrontierJson(report);
  json["known_frontier"] = Json::array();
  for (const QualityCost& point : report.known_frontier) {
    json["known_frontier"].push_back({{"quality", point.quality}, {"cost_usd", point.cost_usd}});
  }
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

absl::Status WriteJson(const PlanReport& report, const std::string& path) {
  return WriteFileWhole(path, ToJson(report));
}

}  // namespace suffice
