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

// Adds each part's numbers to the report, and what is behind them to its details.
void Add(const DecisionTimes& decisions, Json& report, Json& details) {
  report["decision_us"] = Medians(decisions.decision);
  report["score_us"] = Medians(decisions.score);
  report["growth"] = {{"decision_us_by_bytes", Growth(decisions.by_bytes, "bytes")},
                      {"decision_us_by_tiers", Growth(decisions.by_tiers, "tiers")},
                      {"decision_us_by_dimensions", Growth(decisions.by_dimensions, "dimensions")}};
  details["decision_us"] = {{"p50", WithRuns(decisions.decision.p50_us)}, {"p99", WithRuns(decisions.decision.p99_us)}};
  details["score_us"] = {{"p50", WithRuns(decisions.score.p50_us)}, {"p99", WithRuns(decisions.score.p99_us)}};
}

void Add(const RouteVersusEmpty& route, Json& report, Json& details) {
  report["route_vs_empty"] = Ratios(route);
  details["route_vs_empty"] = Details(route);
}

void Add(const FeedbackRates& feedback, Json& report, Json& details) {
  report["feedback_per_s"] = {{"stream", feedback.stream_per_s.median}, {"unary", feedback.unary_per_s.median}};
  report["feedback_to_influence_ms"] = {{"p50", static_cast<double>(feedback.influence_ns.Percentile(50)) / 1e6},
                                        {"p99", static_cast<double>(feedback.influence_ns.Percentile(99)) / 1e6},
                                        {"feedbacks", feedback.influence_ns.count()}};
  details["feedback_per_s"] = {{"stream", WithRuns(feedback.stream_per_s)},
                               {"unary", WithRuns(feedback.unary_per_s)},
                               {"unary_outstanding", feedback.outstanding}};
}

void Add(const StartAndRebuild& long_log, Json& report, Json& details) {
  report["start_s"] = long_log.start_s.median;
  report["rebuild_events_per_s"] = long_log.rebuild_events_per_s.median;
  report["bytes_per_decision"] = long_log.bytes_per_decision;
  report["resident_mb_after_start"] = static_cast<double>(long_log.resident_bytes) / 1e6;
  details["log_decisions"] = long_log.decisions;
  details["log_made_per_s"] = long_log.made_per_s;
  details["start_s"] = WithRuns(long_log.start_s);
  details["rebuild_events_per_s"] = WithRuns(long_log.rebuild_events_per_s);
}

Json Details(const OverloadResult& result) {
  const auto milliseconds = [](const Histogram& nanos) {
    return Json{{"p50", static_cast<double>(nanos.Percentile(50)) / 1e6}, {"p99", static_cast<double>(nanos.Percentile(99)) / 1e6}};
  };
  return {{"due", result.due()},
          {"answered_share", result.Share(result.answered)},
          {"refused_share", result.Share(result.refused)},
          {"expired_share", result.Share(result.expired)},
          {"unsent_share", result.Share(result.unsent)},
          {"failed", result.failed},
          {"answer_ms", milliseconds(result.answer_ns)},
          {"refusal_ms", milliseconds(result.refusal_ns)}};
}

void Add(const Overload& overload, Json& report, Json& details) {
  const OverloadResult& records = overload.records;
  report["overload"] = {{"goodput_ratio", overload.goodput_ratio.median},
                        {"refused_share", records.Share(records.refused)},
                        {"refusal_p99_ms", static_cast<double>(records.refusal_ns.Percentile(99)) / 1e6}};
  details["overload"] = {{"goodput_ratio", WithRuns(overload.goodput_ratio)},
                         {"peak_per_second", WithRuns(overload.peak_per_second)},
                         {"connections", overload.connections},
                         {"outstanding", overload.outstanding},
                         {"deadline_s", overload.deadline_s},
                         {"route_at_three_times_the_peak", Details(overload.route)},
                         {"feedback_while_the_log_is_locked", Details(records)},
                         {"route_meanwhile", {{"p50_us", overload.route_p50_us}, {"p99_us", overload.route_p99_us},
                                              {"failed", overload.route_failed}}}};
}

void Add(const RowsGrowth& rows, Json& report, Json& details) {
  report["rows"] = {{"p50_ratio", rows.p50_ratio.median}, {"p99_ratio", rows.p99_ratio.median}};
  const auto micros = [](const Spread& p50, const Spread& p99) { return Json{{"p50_us", WithRuns(p50)}, {"p99_us", WithRuns(p99)}}; };
  details["rows"] = {{"p50_ratio", WithRuns(rows.p50_ratio)},
                     {"p99_ratio", WithRuns(rows.p99_ratio)},
                     {"per_second", rows.per_second},
                     {"few", rows.few},
                     {"many", rows.many},
                     {"with_few", micros(rows.few_p50_us, rows.few_p99_us)},
                     {"with_many", micros(rows.many_p50_us, rows.many_p99_us)}};
}

void Add(const Endurance& endurance, Json& report, Json& details) {
  const auto megabytes = [](int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  report["endurance"] = {{"resident_mb_first", megabytes(endurance.first_bytes)},
                         {"resident_mb_last", megabytes(endurance.last_bytes)},
                         {"resident_mb_max", megabytes(endurance.most_bytes)},
                         {"seconds", endurance.seconds}};
  Json samples = Json::array();
  for (const ResidentAt& sample : endurance.samples) {
    samples.push_back({{"s", sample.seconds}, {"resident_mb", megabytes(sample.bytes)}});
  }
  details["endurance"] = {{"grown_mb", megabytes(endurance.last_bytes - endurance.first_bytes)},
                          {"log_decisions", endurance.log_decisions},
                          {"decisions_per_second", endurance.per_second},
                          {"answered", endurance.answered},
                          {"failed", endurance.failed},
                          {"p99_us", endurance.p99_us},
                          {"samples", std::move(samples)}};
}

}  // namespace

std::string ToJson(const Measurements& m) {
  Json report = Json::object();
  Json details = {{"size", m.sizes.name}, {"rounds", m.sizes.rounds}, {"cores", m.cores}};
  if (m.decisions) Add(*m.decisions, report, details);
  if (m.route) Add(*m.route, report, details);
  if (m.feedback) Add(*m.feedback, report, details);
  if (m.overload) Add(*m.overload, report, details);
  if (m.long_log) Add(*m.long_log, report, details);
  if (m.rows) Add(*m.rows, report, details);
  if (m.endurance) Add(*m.endurance, report, details);
  report["details"] = std::move(details);
  return report.dump(2) + '\n';
}

}  // namespace suffice::load
