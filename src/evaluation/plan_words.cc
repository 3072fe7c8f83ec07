#include "evaluation/plan_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluation/axis.h"

namespace suffice {
namespace {

// A number of so many digits that is not below the value, so that a nearest feasible limit stays feasible.
double RoundedUp(double value, int digits) {
  const double unit = std::pow(10, std::floor(std::log10(value)) + 1 - digits);
  return std::ceil(value / unit - 1e-9) * unit;
}

std::string CostWords(double usd_a_request, double usd_a_day) {
  if (usd_a_day <= 0) return fmt::format("{} per 1,000 requests", PerThousandWords(usd_a_request));
  return fmt::format("{} a day ({} per 1,000 requests)", DollarWords(usd_a_day), PerThousandWords(usd_a_request));
}

std::string LimitWords(const PlanLimit& limit, double value, const PlanReport& report) {
  switch (limit.kind) {
    case PlanLimit::Kind::kCost:
      return "at most " + CostWords(value, value * report.requests_a_day);
    case PlanLimit::Kind::kLate:
      return fmt::format("{} within {}", limit.name.substr(limit.name.find('.') + 1), MillisWords(value));
    case PlanLimit::Kind::kQuality: {
      const std::string least = fmt::format("at least {}", PlainNumber(value, 4));
      if (limit.reference < 0) return least;
      return fmt::format("{} of {}'s", least, report.tier_names[static_cast<size_t>(limit.reference)]);
    }
  }
  return "";
}

std::string Signed(double value, const std::string& words) { return (value < 0 ? "-" : "+") + words; }

std::string CostDifference(double usd_a_request, const PlanReport& report) {
  const double size = std::abs(usd_a_request);
  if (report.requests_a_day <= 0) return Signed(usd_a_request, PerThousandWords(size)) + " per 1,000 requests";
  return Signed(usd_a_request, DollarWords(size * report.requests_a_day)) + " a day";
}

std::string MoveWords(const char* move, const std::optional<PlanPoint>& to, const PlanPoint& from,
                      const PlanReport& report) {
  return fmt::format("{}: {}", move, to ? DifferenceWords(from, *to, report) : "infeasible");
}

}  // namespace

std::string QualityWords(double quality) { return fmt::format("{:.4f}", quality); }
std::string PerThousandWords(double cost_usd) { return fmt::format("${}", PlainNumber(1000 * cost_usd, 3)); }
std::string DollarWords(double usd) {
  return usd >= 0.01 || usd == 0 ? fmt::format("${:.2f}", usd) : fmt::format("${}", PlainNumber(usd, 2));
}
std::string PercentWords(double share) { return fmt::format("{:.1f}%", 100 * share); }
std::string MillisWords(double ms) {
  if (ms <= 0) return "-";
  return ms < 1000 ? fmt::format("{:.0f} ms", ms) : fmt::format("{} s", PlainNumber(ms / 1000, 3));
}

std::string StatedWords(const PlanLimit& limit, const PlanReport& report) {
  return LimitWords(limit, limit.limit, report);
}

std::string UseWords(const PlannedLimit& planned, const PlanReport& report) {
  switch (planned.limit.kind) {
    case PlanLimit::Kind::kCost:
      return CostWords(planned.use, planned.use * report.requests_a_day);
    case PlanLimit::Kind::kLate:
      return fmt::format("{:.2f}% late of {:.0f}%", 100 * planned.use, 100 * AllowedUse(planned.limit));
    case PlanLimit::Kind::kQuality:
      return QualityWords(planned.use);
  }
  return "";
}

std::string DifferenceWords(const PlanPoint& from, const PlanPoint& to, const PlanReport& report) {
  const double quality = to.quality - from.quality, cost = to.cost_usd - from.cost_usd;
  std::string words;
  if (std::abs(quality) >= 5e-6) words = fmt::format("quality {:+.{}f}", quality, std::abs(quality) < 1e-3 ? 5 : 4);
  if (std::abs(cost) >= 1e-4 * std::max(from.cost_usd, 1e-12)) {
    words += (words.empty() ? "cost " : ", cost ") + CostDifference(cost, report);
  }
  return words.empty() ? "nothing" : words;
}

std::vector<std::string> MarginWords(const PlannedLimit& planned, const PlanScenario& scenario,
                                     const PlanReport& report) {
  const bool floor = planned.limit.kind == PlanLimit::Kind::kQuality;
  const std::string step = StepName(planned.limit, report.requests_a_day);
  std::vector<std::string> words{MoveWords(step.c_str(), planned.one_step, scenario.expected, report)};
  if (!floor) words.push_back(MoveWords("10% looser", planned.looser, scenario.expected, report));
  words.push_back(
      MoveWords(floor ? "higher by 0.01" : "10% tighter", planned.tighter, scenario.expected, report));
  return words;
}

std::vector<std::string> InfeasibleWords(const PlanScenario& scenario, const PlanReport& report) {
  std::vector<std::string> words;
  if (scenario.feasible) return words;
  std::vector<std::string> ways;
  for (const PlannedLimit& planned : scenario.limits) {
    if (!planned.nearest_feasible) continue;
    const bool floor = planned.limit.kind == PlanLimit::Kind::kQuality;
    const double nearest = *planned.nearest_feasible;
    const double told = floor ? std::floor(nearest * 1e4) / 1e4 : RoundedUp(nearest, 3);
    ways.push_back(fmt::format("{}: {}", planned.limit.name, LimitWords(planned.limit, told, report)));
  }
  words.push_back(
      scenario.limits.size() == 1
          ? "This limit cannot be met."
          : "These limits cannot be met together" +
                std::string(ways.empty() ? ", whichever one of them is loosened."
                                         : ". Any one of these would do, the others kept:"));
  for (std::string& way : ways) words.push_back((scenario.limits.size() == 1 ? "Nearest: " : "") + std::move(way));
  words.push_back(scenario.on_infeasible == "reject"
                      ? "Until then requests are refused (on_infeasible: reject)."
                      : fmt::format("Until then on_infeasible: {} answers, as shown.", scenario.on_infeasible));
  return words;
}

std::vector<std::string> NoteWords(const PlanScenario& scenario, const PlanReport&) {
  std::vector<std::string> words;
  if (scenario.limits.empty()) words.emplace_back("No limit is stated: the objective alone decides.");
  if (scenario.unanswered > 0) {
    words.push_back(fmt::format("{} of {} requests are left out: every tier may cost more than "
                                "limits.cost.per_request_usd, so they would be refused.",
                                scenario.unanswered, scenario.unanswered + scenario.requests));
  }
  return words;
}

std::vector<PlanLine> PlanLines(const PlanReport& report) {
  std::vector<PlanLine> lines;
  if (report.today) {
    const PlanToday& today = *report.today;
    const double half = (today.quality_high - today.quality_low) / 2;
    lines.push_back({.name = "today, observed",
                     .point = {today.rated > 0 ? today.quality : std::nan(""), today.cost_usd, today.late,
                               today.p95_ms, today.tier_share},
                     .quality_note = today.rated > 0 ? fmt::format("±{:.3f}", half) : ""});
  }
  for (size_t s = 0; s < report.scenarios.size(); ++s) {
    const PlanScenario& scenario = report.scenarios[s];
    const std::string name = s == 0 ? scenario.name : fmt::format("what-if {}", s);
    lines.push_back({.name = name + (scenario.feasible ? "" : " (infeasible)"),
                     .point = scenario.expected,
                     .is_main = true});
    if (scenario.measured) lines.push_back({.name = "  on the known answers", .point = *scenario.measured});
    if (scenario.optimum) lines.push_back({.name = "  optimum, all known", .point = *scenario.optimum});
  }
  for (size_t k = 0; k < report.always.size(); ++k) {
    lines.push_back({.name = "always " + report.tier_names[k], .point = report.always[k]});
  }
  return lines;
}

}  // namespace suffice
