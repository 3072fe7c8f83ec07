#include "evaluation/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/time/time.h"
#include "evaluation/write_file.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json SharesJson(const std::vector<std::string>& names, const std::vector<double>& shares) {
  Json json = Json::object();
  for (size_t k = 0; k < shares.size(); ++k) json[names[k]] = shares[k];
  return json;
}

Json PointJson(const QualityCost& point) { return {{"quality", point.quality}, {"cost_usd", point.cost_usd}}; }

Json BaselinesJson(const ReplayReport& report) {
  Json always = Json::object();
  for (size_t k = 0; k < report.always.size(); ++k) always[report.tier_names[k]] = PointJson(report.always[k]);
  return {{"always", std::move(always)},
          {"random_mix_same_cost", report.random_mix_same_cost},
          {"best_mix_same_cost", report.best_mix_same_cost},
          {"optimum_same_cost", report.optimum_same_cost}};
}

Json PropensityCheckJson(const std::optional<PropensityCheck::Result>& check) {
  if (!check) return {{"chi2_p", nullptr}};
  return {{"chi2_p", check->p_value},
          {"chi2", check->statistic},
          {"degrees_of_freedom", check->degrees_of_freedom},
          {"decisions", check->decisions},
          {"largest_sum_error", check->largest_sum_error}};
}

Json SeedsJson(const std::vector<SeedReport>& seeds) {
  Json json = Json::array();
  for (const SeedReport& seed : seeds) {
    Json alarms = Json::array();
    for (const AlarmReport& alarm : seed.drift_alarms) {
      alarms.push_back({{"tier", alarm.tier}, {"decision", alarm.decision}, {"shift", alarm.drop ? "drop" : "rise"}});
    }
    json.push_back({{"seed", seed.seed},
                    {"quality", seed.quality},
                    {"cost_usd", seed.cost_usd},
                    {"gap_closed", OrNull(seed.gap_closed)},
                    {"drift_alarms", std::move(alarms)}});
  }
  return json;
}

Json BudgetsJson(const std::vector<BudgetUse>& budgets) {
  Json all = Json::array();
  for (const BudgetUse& use : budgets) {
    all.push_back({{"seed", use.seed},
                   {"name", use.name},
                   {"tenant", use.tenant},
                   {"tier", use.tier},
                   {"period_start", absl::FormatTime(absl::RFC3339_sec, absl::FromUnixMicros(use.period_start_us),
                                                     absl::UTCTimeZone())},
                   {"limit_usd", use.limit_usd},
                   {"used_share", use.UsedShare()},
                   {"hours_without", use.HoursWithout()},
                   {"used_usd_by_hour", use.used_usd_by_hour}});
  }
  return all;
}

Json LimitsJson(const std::vector<LimitUse>& limits) {
  Json json = Json::object();
  for (const LimitUse& use : limits) {
    json[use.name] = {{"limit", use.limit}, {"mean", use.mean}, {"worst_seed", use.worst}, {"per_seed", use.per_seed}};
  }
  return json;
}

Json AttacksJson(const std::vector<AttackResult>& attacks) {
  Json json = Json::array();
  for (const AttackResult& attack : attacks) {
    json.push_back({{"name", attack.name},
                    {"decisions", attack.decisions},
                    {"flipped", attack.Flipped()},
                    {"to_dearer", attack.to_dearer},
                    {"to_cheaper", attack.to_cheaper},
                    {"worst", attack.worst},
                    {"shift", attack.shift},
                    {"quality_change", attack.quality_change},
                    {"cost_change_usd", attack.cost_change_usd}});
  }
  return json;
}

Json LearningCurveJson(const ReplayReport& report) {
  Json json = Json::array();
  for (const LearningPoint& point : report.learning_curve) {
    json.push_back({{"decisions", point.decisions},
                    {"quality", point.quality},
                    {"cost_usd", point.cost_usd},
                    {"gap_closed", OrNull(point.gap_closed)},
                    {"tier_share", SharesJson(report.tier_names, point.tier_share)}});
  }
  return json;
}

Json CurveJson(const std::vector<QualityCost>& curve) {
  Json json = Json::array();
  for (const QualityCost& point : curve) json.push_back(PointJson(point));
  return json;
}

}  // namespace

void FillBaselines(const Baselines& baselines, ReplayReport& report) {
  constexpr size_t kCurvePoints = 120;
  report.always = baselines.always;
  report.random_mix_same_cost = baselines.RandomMixAt(report.cost_mean_usd);
  report.best_mix_same_cost = baselines.best_mix.At(report.cost_mean_usd);
  report.optimum_same_cost = baselines.optimum.At(report.cost_mean_usd);
  report.gap_closed = GapClosed(report.quality_mean, report.best_mix_same_cost, report.optimum_same_cost);
  report.best_mix_curve = ThinCurve(baselines.best_mix.points(), kCurvePoints);
  report.optimum_curve = ThinCurve(baselines.optimum.points(), kCurvePoints);
}

std::vector<QualityCost> ThinCurve(const std::vector<QualityCost>& points, size_t count) {
  if (points.size() <= count) return points;
  // The cheapest cost may be 0; a millionth of the dearest is far left enough.
  const double dearest = points.back().cost_usd;
  const auto position = [&](const QualityCost& point) { return std::log(std::max(point.cost_usd, dearest * 1e-6)); };
  const double first = position(points.front());
  const double step = (position(points.back()) - first) / static_cast<double>(count - 1);
  std::vector<QualityCost> thin{points.front()};
  for (size_t i = 1; i + 1 < points.size() && thin.size() + 1 < count; ++i) {
    if (position(points[i]) >= first + step * static_cast<double>(thin.size())) thin.push_back(points[i]);
  }
  thin.push_back(points.back());
  return thin;
}

std::string ToJson(const ReplayReport& report) {
  Json json{{"config", {{"name", report.config_name}, {"hash", report.config_hash}}},
            {"policy", report.policy},
            {"traffic", report.traffic},
            {"decisions", report.decisions},
            {"seeds", report.seeds},
            {"quality_mean", report.quality_mean},
            {"quality_sd", report.quality_sd},
            {"cost_mean_usd", report.cost_mean_usd},
            {"tier_share", SharesJson(report.tier_names, report.tier_share)},
            {"late_share", OrNull(report.late_share)},
            {"limits", LimitsJson(report.limits)},
            {"budgets", BudgetsJson(report.budgets)},
            {"refused_share", report.refused_share},
            {"infeasible", {{"share", report.infeasible_share}, {"detail", report.infeasible}}},
            {"baselines", BaselinesJson(report)},
            {"gap_closed", OrNull(report.gap_closed)},
            {"regret", OrNull(report.regret)},
            {"propensity_check", PropensityCheckJson(report.propensity_check)},
            {"decide_us", {{"p50", report.decide_us_p50}, {"p99", report.decide_us_p99}}}};
  if (report.eval) {
    json["eval"] = {{"apgr", report.eval->apgr},
                    {"cpt50", report.eval->cpt50},
                    {"cpt80", report.eval->cpt80},
                    {"cpt95", report.eval->cpt95}};
  }
  if (!report.attacks.empty()) json["attacks"] = AttacksJson(report.attacks);
  json["per_seed"] = SeedsJson(report.per_seed);
  json["learning_curve"] = LearningCurveJson(report);
  json["curves"] = {{"best_mix", CurveJson(report.best_mix_curve)}, {"optimum", CurveJson(report.optimum_curve)}};
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

absl::Status WriteJson(const ReplayReport& report, const std::string& path) {
  return WriteFileWhole(path, ToJson(report));
}

}  // namespace suffice
