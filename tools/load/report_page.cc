#include "report_page.h"

#include <fmt/format.h>

#include "evaluation/axis.h"
#include "evaluation/page_parts.h"
#include "line_figure.h"

namespace suffice::load {
namespace {

std::string Range(const Spread& spread, int digits) {
  return fmt::format("{} ({} to {})", PlainNumber(spread.median, digits), PlainNumber(spread.low, digits),
                     PlainNumber(spread.high, digits));
}

std::string CardsOf(const Measurements& m) {
  const auto micros = [](double us) { return fmt::format("{} µs", PlainNumber(us, 3)); };
  std::string cards;
  cards += Card(micros(m.decisions->decision.p50_us.median),
                fmt::format("a decision (p99 {})", micros(m.decisions->decision.p99_us.median)));
  cards += Card(micros(m.route->cpu_added_us.median), "of CPU that Route adds to an empty rpc");
  cards += Card(fmt::format("{:.0f}%", 100 * m.route->throughput_ratio.median), "of its throughput");
  cards += Card(Grouped(static_cast<long long>(m.feedback->stream_per_s.median)), "feedbacks a second on disk, by stream");
  cards += Card(fmt::format("{} s", PlainNumber(m.long_log->start_s.median, 2)),
                fmt::format("to start with {} decisions", Grouped(m.long_log->decisions)));
  return Cards(cards);
}

FigureLine LoadLine(const RouteVersusEmpty& route, OpenLoopRun Pair::* server, double OpenLoopRun::* percentile,
                    std::string name, std::string stroke, bool dashed) {
  FigureLine line{.name = std::move(name), .stroke = std::move(stroke), .dashed = dashed};
  for (const Pair& pair : route.by_load) {
    line.points.push_back({(pair.*server).per_second, (pair.*server).*percentile});
  }
  return line;
}

std::string LoadFigure(const RouteVersusEmpty& route) {
  const std::string ours = "policy-stroke", other = TierClass("stroke", 0);
  return Draw({.title = "Latency percentiles of both servers over the load",
               .x_name = "requests a second",
               .y_name = "µs",
               .log_y = true,
               .lines = {LoadLine(route, &Pair::route, &OpenLoopRun::p50_us, "Route p50", ours, false),
                         LoadLine(route, &Pair::route, &OpenLoopRun::p99_us, "Route p99", ours, true),
                         LoadLine(route, &Pair::empty, &OpenLoopRun::p50_us, "empty p50", other, false),
                         LoadLine(route, &Pair::empty, &OpenLoopRun::p99_us, "empty p99", other, true)}});
}

std::string GrowthFigure(const std::vector<GrowthPoint>& points, const std::string& of) {
  FigureLine p50{.name = "p50", .stroke = "policy-stroke"}, p99{.name = "p99", .stroke = "policy-stroke", .dashed = true};
  for (const GrowthPoint& point : points) {
    p50.points.push_back({static_cast<double>(point.at), point.times.p50_us.median});
    p99.points.push_back({static_cast<double>(point.at), point.times.p99_us.median});
  }
  return Draw({.title = "Time of a decision by " + of, .x_name = of, .y_name = "µs", .lines = {p50, p99}});
}

std::string Row(const std::string& name, const std::string& value) {
  return fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", EscapeXml(name), EscapeXml(value));
}

std::string Table(const Measurements& m) {
  const auto milliseconds = [&m](double percent) {
    return static_cast<double>(m.feedback->influence_ns.Percentile(percent)) / 1e6;
  };
  std::string rows;
  rows += Row("CPU of the server for each Route, µs", Range(m.route->route.cpu_us, 3));
  rows += Row("the same of the empty server", Range(m.route->empty.cpu_us, 3));
  rows += Row("CPU added, µs", Range(m.route->cpu_added_us, 3));
  rows += Row("Route at saturation, a second", Range(m.route->route.per_second, 5));
  rows += Row("the empty server's", Range(m.route->empty.per_second, 5));
  rows += Row("throughput, ratio", Range(m.route->throughput_ratio, 3));
  rows += Row(fmt::format("p50 at {:.0f} requests a second, ratio", m.route->half_per_second), Range(m.route->p50_ratio, 3));
  rows += Row("p99 there, ratio", Range(m.route->p99_ratio, 3));
  rows += Row("score and draw, d = 128, p99 in µs", Range(m.decisions->score.p99_us, 3));
  rows += Row("feedbacks a second by stream", Range(m.feedback->stream_per_s, 5));
  rows += Row("feedbacks a second one by one", Range(m.feedback->unary_per_s, 5));
  rows += Row("from acknowledgement to influence, ms", fmt::format("p50 {:.0f}, p99 {:.0f}", milliseconds(50), milliseconds(99)));
  rows += Row("start, s", Range(m.long_log->start_s, 3));
  rows += Row("rebuild, events a second", Range(m.long_log->rebuild_events_per_s, 5));
  rows += Row("on disk for each decision with its feedback, bytes", PlainNumber(m.long_log->bytes_per_decision, 4));
  rows += Row("answered at three times the peak, over the peak", Range(m.overload->goodput_ratio, 3));
  rows += Row("a refusal takes, p99 in ms", PlainNumber(static_cast<double>(m.overload->records.refusal_ns.Percentile(99)) / 1e6, 3));
  rows += Row(fmt::format("Route with {} rows over {}: p99, ratio", Grouped(m.rows->many), Grouped(m.rows->few)),
              Range(m.rows->p99_ratio, 3));
  rows += Row(fmt::format("memory under load in the first minute and after {:.0f} s, MB", m.endurance->seconds),
              fmt::format("{:.0f}, {:.0f}", static_cast<double>(m.endurance->first_bytes) / 1e6,
                          static_cast<double>(m.endurance->last_bytes) / 1e6));
  rows += Row("memory after the start, MB", PlainNumber(static_cast<double>(m.long_log->resident_bytes) / 1e6, 3));
  return fmt::format("<div class='scroll'><table><thead><tr><th></th><th>median (lowest to highest)</th></tr></thead><tbody>\n{}"
                     "</tbody></table></div>\n", rows);
}

}  // namespace

std::string ToHtml(const Measurements& m) {
  return Page("Suffice: speed",
              CardsOf(m) +
                  Figure("Latency over load",
                         "Open loop; a latency counts from when the request was due. Both servers at the same rates, by "
                         "shares of what the routing server can answer at most.",
                         LoadFigure(*m.route)) +
                  Figure("A decision by the number of tiers", "In process, d = 64, a prompt of 1 KB.",
                         GrowthFigure(m.decisions->by_tiers, "tiers")) +
                  Figure("A decision by dimensions", "In process, 4 tiers, a prompt of 1 KB.",
                         GrowthFigure(m.decisions->by_dimensions, "dimensions")) +
                  "<h2>Numbers</h2>\n" + Table(m) +
                  fmt::format("<footer>Size {}, {} rounds, {} cores, clients included.</footer>\n", m.sizes.name,
                              m.sizes.rounds, m.cores));
}

}  // namespace suffice::load
