#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluation/axis.h"
#include "evaluation/plan_report.h"
#include "evaluation/plan_words.h"

namespace suffice {
namespace {

using Row = std::vector<std::string>;

// Columns that a terminal shows one character wide.
size_t DisplayWidth(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The first column to the left, the others to the right, two spaces between; `left` columns are all to the left.
void PrintRows(const std::vector<Row>& rows, size_t left, std::ostream& out) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], DisplayWidth(row[c]));
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string pad(widths[c] - DisplayWidth(row[c]), ' ');
      line += (c > 0 ? "  " : "") + (c < left ? row[c] + pad : pad + row[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << "\n";
  }
}

bool AnyLimitMs(const PlanReport& report, size_t p) {
  if (report.limits_ms[p] > 0) return true;
  return std::any_of(report.scenarios.begin(), report.scenarios.end(),
                     [p](const PlanScenario& scenario) { return scenario.expected.late[p] > 0; });
}

void PrintMain(const PlanReport& report, std::ostream& out) {
  constexpr std::array<const char*, 3> kLate{"late p50", "late p95", "late p99"};
  const bool day = report.requests_a_day > 0;
  Row head{"", "quality", "", "$/1,000"};
  if (day) head.push_back("$/day");
  for (size_t p = 0; p < kLate.size(); ++p) {
    if (AnyLimitMs(report, p)) head.push_back(kLate[p]);
  }
  head.push_back("p95");
  head.insert(head.end(), report.tier_names.begin(), report.tier_names.end());
  std::vector<Row> rows{head};
  for (const PlanLine& line : PlanLines(report)) {
    const PlanPoint& point = line.point;
    Row row{line.name, std::isfinite(point.quality) ? QualityWords(point.quality) : "-", line.quality_note,
            PlainNumber(1000 * point.cost_usd, 3)};
    if (day) row.push_back(fmt::format("{:.2f}", point.cost_usd * report.requests_a_day));
    for (size_t p = 0; p < kLate.size(); ++p) {
      // 0 where there is no limit.
      if (AnyLimitMs(report, p)) row.push_back(point.late[p] > 0 ? fmt::format("{:.2f}%", 100 * point.late[p]) : "-");
    }
    row.push_back(MillisWords(point.p95_ms));
    for (const double share : point.tier_share) row.push_back(PercentWords(share));
    rows.push_back(std::move(row));
  }
  PrintRows(rows, 1, out);
}

void PrintScenario(const PlanReport& report, size_t s, std::ostream& out) {
  const PlanScenario& scenario = report.scenarios[s];
  out << fmt::format("\n{}{} ({}{})\n", s == 0 ? "" : fmt::format("what-if {}: ", s), scenario.name, scenario.objective,
                     scenario.objective == "weighted" ? fmt::format(", cost_weight {}", scenario.cost_weight) : "");
  for (const std::string& words : NoteWords(scenario, report)) out << "  " << words << "\n";
  for (const std::string& words : InfeasibleWords(scenario, report)) out << "  " << words << "\n";
  if (s > 0 && scenario.feasible && report.scenarios.front().feasible) {
    const PlanScenario& base = report.scenarios.front();
    out << fmt::format("  against {}: {}\n", base.name, DifferenceWords(base.expected, scenario.expected, report));
  }
  if (!scenario.feasible || scenario.limits.empty()) return;
  std::vector<Row> rows{{"  limit", "stated", "expected", "state", "what moving it does"}};
  for (const PlannedLimit& planned : scenario.limits) {
    const auto margins = planned.binds ? MarginWords(planned, scenario, report) : std::vector<std::string>{""};
    for (size_t m = 0; m < margins.size(); ++m) {
      if (m > 0) {
        rows.push_back({"", "", "", "", margins[m]});
      } else {
        rows.push_back({"  " + planned.limit.name, StatedWords(planned.limit, report), UseWords(planned, report),
                        planned.binds ? "binds" : "slack", margins[m]});
      }
    }
  }
  PrintRows(rows, 5, out);
}

// A few points of the frontier as stated.
void PrintFrontier(const PlanReport& report, std::ostream& out) {
  constexpr size_t kShown = 8;
  for (const FrontierCurve& curve : report.frontier) {
    if (!curve.stated || curve.points.size() < 2) continue;
    out << fmt::format("\nmost quality for the money ({})\n", curve.label);
    std::vector<Row> rows{{"", "$/1,000", "quality", "p95"}};
    const size_t last = curve.points.size() - 1;
    for (size_t i = 0; i < kShown; ++i) {
      const PlanPoint& point = curve.points[i * last / (kShown - 1)];
      rows.push_back({"", PlainNumber(1000 * point.cost_usd, 3), QualityWords(point.quality),
                      MillisWords(point.p95_ms)});
    }
    PrintRows(rows, 1, out);
  }
}

void PrintToday(const PlanToday& today, std::ostream& out) {
  if (today.rated == 0) return;
  out << fmt::format("today: {} of {} decisions are rated; the model predicts {} where {} was observed\n", today.rated,
                     today.decisions, QualityWords(today.predicted_quality), QualityWords(today.quality));
}

}  // namespace

void PrintTable(const PlanReport& report, std::ostream& out) {
  out << fmt::format("{} ({}), config {}\nplanned on {}\n", report.config_name, report.policy,
                     report.config_hash.substr(0, 12), report.source);
  if (report.requests_a_day > 0) {
    out << fmt::format("requests a day: {}\n", Grouped(std::llround(report.requests_a_day)));
  }
  if (report.today) PrintToday(*report.today, out);
  out << "\n";
  PrintMain(report, out);
  for (size_t s = 0; s < report.scenarios.size(); ++s) PrintScenario(report, s, out);
  PrintFrontier(report, out);
}

}  // namespace suffice
