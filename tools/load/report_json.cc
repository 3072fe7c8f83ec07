#include "report_json.h"

#include <nlohmann/json.hpp>

namespace suffice::load {
namespace {

using Json = nlohmann::ordered_json;

Json WithRuns(const Spread& spread) {
  return {{"median", spread.median}, {"low", spread.low}, {"high", spread.high}, {"runs", spread.runs}};
}

Json Medians(const Times& times) { return {{"p50", times.p50_us.median}, {"p99", times.p99_us.median}}; }

Json Growth(const std::vector<GrowthPoint>& points, const char* of) {
  Json rows = Json::array();
  for (const GrowthPoint& point : points) {
    Json row = {{of, point.at}};
    row.update(Medians(point.times));
    rows.push_back(std::move(row));
  }
  return rows;
}

Json ToJson(const OpenLoopRun& run) {
  return {{"per_second", run.per_second}, {"reached", run.reached}, {"p50_us", run.p50_us},
          {"p90_us", run.p90_us},         {"p99_us", run.p99_us},   {"p999_us", run.p999_us}};
}

Json ToJson(const std::vector<Pair>& pairs) {
  Json rows = Json::array();
  for (const Pair& pair : pairs) rows.push_back({{"route", ToJson(pair.route)}, {"empty", ToJson(pair.empty)}});
  return rows;
}

Json ToJson(const Saturation& saturation) {
  return {{"outstanding", saturation.outstanding},
          {"per_second", WithRuns(saturation.per_second)},
          {"cpu_us", WithRuns(saturation.cpu_us)}};
}

Json Ratios(const RouteVersusEmpty& route) {
  return {{"cpu_added_us", route.cpu_added_us.median},
          {"throughput_ratio", route.throughput_ratio.median},
          {"p50_ratio", route.p50_ratio.median},
          {"p99_ratio", route.p99_ratio.median}};
}

Json Details(const RouteVersusEmpty& route) {
  return {{"cpu_added_us", WithRuns(route.cpu_added_us)},
          {"throughput_ratio", WithRuns(route.throughput_ratio)},
          {"p50_ratio", WithRuns(route.p50_ratio)},
          {"p99_ratio", WithRuns(route.p99_ratio)},
          {"route_at_saturation", ToJson(route.route)},
          {"empty_at_saturation", ToJson(route.empty)},
          {"latency_at_per_second", route.half_per_second},
          {"latency_at", "half of the routing server's saturation, open loop, for both servers"},
          {"open_loop_at_half", ToJson(route.half)},
          {"open_loop_at_10000", ToJson(route.at_10000)},
          {"open_loop_by_load", ToJson(route.by_load)},
          {"answer_bytes", route.answer_bytes},
          {"failed_requests", route.failed}};
}

}  // namespace

std::string ToJson(const Measurements& m) {
  const Histogram& influence = m.feedback.influence_ns;
  const Json report = {
      {"decision_us", Medians(m.decisions.decision)},
      {"score_us", Medians(m.decisions.score)},
      {"route_vs_empty", Ratios(m.route)},
      {"feedback_per_s", {{"stream", m.feedback.stream_per_s.median}, {"unary", m.feedback.unary_per_s.median}}},
      {"start_s", m.long_log.start_s.median},
      {"rebuild_events_per_s", m.long_log.rebuild_events_per_s.median},
      {"bytes_per_decision", m.long_log.bytes_per_decision},
      {"feedback_to_influence_ms",
       {{"p50", static_cast<double>(influence.Percentile(50)) / 1e6},
        {"p99", static_cast<double>(influence.Percentile(99)) / 1e6},
        {"feedbacks", influence.count()}}},
      {"resident_mb_after_start", static_cast<double>(m.long_log.resident_bytes) / 1e6},
      {"growth",
       {{"decision_us_by_bytes", Growth(m.decisions.by_bytes, "bytes")},
        {"decision_us_by_tiers", Growth(m.decisions.by_tiers, "tiers")},
        {"decision_us_by_dimensions", Growth(m.decisions.by_dimensions, "dimensions")}}},
      {"details",
       {{"size", m.sizes.name},
        {"rounds", m.sizes.rounds},
        {"cores", m.cores},
        {"log_decisions", m.long_log.decisions},
        {"log_made_per_s", m.long_log.made_per_s},
        {"decision_us", {{"p50", WithRuns(m.decisions.decision.p50_us)}, {"p99", WithRuns(m.decisions.decision.p99_us)}}},
        {"score_us", {{"p50", WithRuns(m.decisions.score.p50_us)}, {"p99", WithRuns(m.decisions.score.p99_us)}}},
        {"route_vs_empty", Details(m.route)},
        {"feedback_per_s",
         {{"stream", WithRuns(m.feedback.stream_per_s)},
          {"unary", WithRuns(m.feedback.unary_per_s)},
          {"unary_outstanding", m.feedback.outstanding}}},
        {"start_s", WithRuns(m.long_log.start_s)},
        {"rebuild_events_per_s", WithRuns(m.long_log.rebuild_events_per_s)}}}};
  return report.dump(2) + '\n';
}

}  // namespace suffice::load
