#include "evaluation/plan_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluation/axis.h"
#include "evaluation/page_parts.h"
#include "evaluation/plan_words.h"
#include "evaluation/svg.h"
#include "evaluation/write_file.h"

namespace suffice {
namespace {

std::string CostText(const PlanPoint& point, const PlanReport& report) {
  const std::string per_thousand = PerThousandWords(point.cost_usd) + " per 1,000 requests";
  if (report.requests_a_day <= 0) return per_thousand;
  return fmt::format("{} a day ({})", DollarWords(point.cost_usd * report.requests_a_day), per_thousand);
}

std::string BindingWords(const PlanScenario& scenario) {
  std::vector<std::string> names;
  for (const PlannedLimit& planned : scenario.limits) {
    if (planned.binds) names.push_back(planned.limit.name);
  }
  if (names.empty()) return scenario.limits.empty() ? "" : " No limit binds.";
  std::string list = names.front();
  for (size_t i = 1; i < names.size(); ++i) list += (i + 1 == names.size() ? " and " : ", ") + names[i];
  return fmt::format(" {} {}.", list, names.size() == 1 ? "binds" : "bind");
}

std::string Summary(const PlanReport& report) {
  const PlanScenario& main = report.scenarios.front();
  std::string text;
  if (report.today && report.today->rated > 0) {
    const PlanToday& today = *report.today;
    text = fmt::format("Today the log's newest {} decisions have a mean quality of {} (95%: {} to {}) at {}. ",
                       Grouped(today.decisions), QualityWords(today.quality), QualityWords(today.quality_low),
                       QualityWords(today.quality_high), PerThousandWords(today.cost_usd) + " per 1,000 requests");
  }
  if (main.feasible) {
    text += fmt::format("Within the stated limits the best policy is expected to reach a quality of {} at {}.{}",
                        QualityWords(main.expected.quality), CostText(main.expected, report), BindingWords(main));
  } else {
    text += "The stated limits cannot be met together.";
  }
  return fmt::format("<p>{}</p>\n", EscapeXml(text));
}

std::string CardsOf(const PlanReport& report) {
  const PlanScenario& main = report.scenarios.front();
  const PlanPoint& point = main.expected;
  std::string cards = Card(QualityWords(point.quality), main.feasible ? "expected quality" : "quality of the fallback");
  if (report.requests_a_day > 0) cards += Card(DollarWords(point.cost_usd * report.requests_a_day), "a day");
  cards += Card(PerThousandWords(point.cost_usd), "per 1,000 requests");
  cards += Card(MillisWords(point.p95_ms), "p95 latency");
  return Cards(cards);
}

std::string MainTable(const PlanReport& report) {
  std::string head = "<th></th><th>quality</th><th>per 1,000</th>";
  if (report.requests_a_day > 0) head += "<th>a day</th>";
  head += "<th>p95</th>";
  for (const std::string& name : report.tier_names) head += fmt::format("<th>{}</th>", EscapeXml(name));
  std::string rows;
  for (const PlanLine& line : PlanLines(report)) {
    const PlanPoint& point = line.point;
    rows += fmt::format("<tr{}><td>{}</td><td>{}{}</td><td>{}</td>", line.is_main ? " class='policy'" : "",
                        EscapeXml(line.name), std::isfinite(point.quality) ? QualityWords(point.quality) : "-",
                        line.quality_note.empty() ? "" : " " + line.quality_note, PerThousandWords(point.cost_usd));
    if (report.requests_a_day > 0) {
      rows += fmt::format("<td>{}</td>", DollarWords(point.cost_usd * report.requests_a_day));
    }
    rows += fmt::format("<td>{}</td>", MillisWords(point.p95_ms));
    for (const double share : point.tier_share) rows += fmt::format("<td>{}</td>", PercentWords(share));
    rows += "</tr>\n";
  }
  return fmt::format("<div class='scroll'><table><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>\n", head,
                     rows);
}

// What moving each binding limit does.
std::string MarginTable(const PlanScenario& scenario, const PlanReport& report) {
  std::string rows;
  for (const PlannedLimit& planned : scenario.limits) {
    if (!planned.binds) continue;
    for (const std::string& words : MarginWords(planned, scenario, report)) {
      const size_t colon = words.find(": ");
      rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", EscapeXml(planned.limit.name),
                          EscapeXml(words.substr(0, colon)), EscapeXml(words.substr(colon + 2)));
    }
  }
  if (rows.empty()) return "";
  return fmt::format(
      "<div class='scroll'><table><thead><tr><th>limit</th><th>moved</th><th>gives</th></tr></thead><tbody>\n"
      "{}</tbody></table></div>\n",
      rows);
}

std::string ScenarioPart(const PlanScenario& scenario, const PlanReport& report, bool first, size_t number) {
  std::vector<std::string> items = InfeasibleWords(scenario, report);
  for (std::string& note : NoteWords(scenario, report)) items.push_back(std::move(note));
  if (!first && scenario.feasible && report.scenarios.front().feasible) {
    items.push_back("Against the present configuration: " +
                    DifferenceWords(report.scenarios.front().expected, scenario.expected, report) + ".");
  }
  const std::string heading = first ? "The limits" : fmt::format("What-if {}: {}", number, scenario.name);
  const bool bars = scenario.feasible && !scenario.limits.empty();
  return Figure(heading, bars ? "Expected use of each limit; the upright line is the limit." : "",
                bars ? LimitBarsSvg(scenario, report) : "") +
         BulletList(items) + (scenario.feasible ? MarginTable(scenario, report) : "");
}

std::string Footer(const PlanReport& report) {
  return fmt::format(
      "<footer>Planned on {}. Expected is what the model predicts, without exploration; a budget is taken as a mean "
      "cost by the requests of a day{}. Configuration {}.</footer>\n",
      EscapeXml(report.source),
      report.requests_a_day > 0 ? fmt::format(" ({})", Grouped(std::llround(report.requests_a_day))) : "",
      EscapeXml(report.config_hash));
}

}  // namespace

std::string RenderHtml(const PlanReport& report) {
  std::string body = Summary(report) + CardsOf(report) +
                     Figure("Quality for the money",
                            "Up and to the left is better. The red lines are the most quality that routing is expected "
                            "to give at each cost, with the latency limit as stated, tighter and looser.",
                            FrontierSvg(report));
  for (size_t s = 0; s < report.scenarios.size(); ++s) {
    body += ScenarioPart(report.scenarios[s], report, s == 0, s);
  }
  body += Figure("Who answers", "Share of the requests that go to each tier.", PlanSharesSvg(report));
  body += "<h2>Numbers</h2>\n" + MainTable(report) + Footer(report);
  return Page(fmt::format("Plan of {}", report.config_name), body);
}

absl::Status WriteHtml(const PlanReport& report, const std::string& path) {
  return WriteFileWhole(path, RenderHtml(report));
}

}  // namespace suffice
