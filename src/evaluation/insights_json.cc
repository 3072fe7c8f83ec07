// The report as JSON.

#include <cmath>
#include <nlohmann/json.hpp>

#include "evaluation/insights.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

// What is not finite becomes null.
Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json FindingJson(const Finding& finding) {
  return {{"value", Number(finding.value)},
          {"low", Number(finding.low)},
          {"high", Number(finding.high)},
          {"p", finding.p},
          {"marked", finding.marked}};
}

Json SampleJson(const Sample& sample) {
  Json json{{"n", sample.n}};
  json["mean"] = sample.n > 0 ? Json(sample.Mean()) : Json(nullptr);
  json["standard_error"] = Number(sample.StandardError());
  return json;
}

Json ImportanceJson(const TierImportance& tier) {
  Json effects = Json::array();
  for (const FeatureEffect& effect : tier.effects) {
    effects.push_back({{"dimension", effect.dimension}, {"effect", FindingJson(effect.effect)}});
  }
  return {{"tier", tier.tier},
          {"observations", tier.observations},
          {"explained", tier.explained},
          {"effects", std::move(effects)}};
}

Json ContrastJson(const FeatureContrast& contrast) {
  return {{"dimension", contrast.dimension},
          {"tier", contrast.tier},
          {"other", contrast.other},
          {"difference", FindingJson(contrast.difference)}};
}

Json TierJson(const TierChange& tier) {
  Json alarms = Json::array();
  for (const DriftAlarm& alarm : tier.alarms) {
    alarms.push_back({{"shift", alarm.shift == Shift::kDrop ? "drop" : "rise"},
                      {"start_us", alarm.start_us},
                      {"time_us", alarm.time_us}});
  }
  return {{"tier", tier.tier},
          {"older_decisions", tier.older_decisions},
          {"newer_decisions", tier.newer_decisions},
          {"share", FindingJson(tier.share)},
          {"older_residual", SampleJson(tier.older_residual)},
          {"newer_residual", SampleJson(tier.newer_residual)},
          {"residual", FindingJson(tier.residual)},
          {"cost_ratio", tier.cost_ratio},
          {"alarms", std::move(alarms)}};
}

Json ClusterJson(const ClusterChange& cluster) {
  Json properties = Json::object();
  for (const auto& [name, off] : cluster.properties) properties[name] = off;
  return {{"older_decisions", cluster.older_decisions},
          {"newer_decisions", cluster.newer_decisions},
          {"share", FindingJson(cluster.share)},
          {"older_reward", SampleJson(cluster.older_reward)},
          {"newer_reward", SampleJson(cluster.newer_reward)},
          {"reward", FindingJson(cluster.reward)},
          {"properties", std::move(properties)},
          {"examples", cluster.examples}};
}

template <typename T, typename ToJson>
Json ListOf(const std::vector<T>& values, ToJson to_json) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(to_json(value));
  return list;
}

}  // namespace

std::string ToJson(const InsightReport& report) {
  const Json json{{"decisions", report.older + report.newer},
                  {"older", report.older},
                  {"newer", report.newer},
                  {"rewarded", report.rewarded},
                  {"start_us", report.start_us},
                  {"boundary_us", report.boundary_us},
                  {"end_us", report.end_us},
                  {"features", report.features},
                  {"discovery_rate", report.options.discovery_rate},
                  {"importance", ListOf(report.importance, ImportanceJson)},
                  {"contrasts", ListOf(report.contrasts, ContrastJson)},
                  {"tiers", ListOf(report.tiers, TierJson)},
                  {"clusters", ListOf(report.clusters, ClusterJson)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace suffice
