// How a plan's numbers are said, the same in the table and on the page.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <vector>

#include "evaluation/plan_report.h"

namespace suffice {

std::string QualityWords(double quality);           // "0.9059"
std::string PerThousandWords(double cost_usd);      // "$0.350", per 1,000 requests
std::string DollarWords(double usd);                // "$12.34"
std::string PercentWords(double share);             // "4.9%"
std::string MillisWords(double ms);                 // "11.2 s", "-" for 0
// "$300 a day ($0.35 per 1,000 requests)", "p95 within 8 s", "at least 0.9".
std::string StatedWords(const PlanLimit& limit, const PlanReport& report);
// The same for its expected use.
std::string UseWords(const PlannedLimit& planned, const PlanReport& report);
// What `to` has that `from` has not: "quality +0.0012, cost +$1.20 a day"; "nothing" when they are alike.
std::string DifferenceWords(const PlanPoint& from, const PlanPoint& to, const PlanReport& report);
// What moving a limit does, a sentence each: one step looser, a tenth looser, a tenth tighter.
std::vector<std::string> MarginWords(const PlannedLimit& planned, const PlanScenario& scenario,
                                     const PlanReport& report);
// Why the limits cannot be met together and what would do; empty when they can.
std::vector<std::string> InfeasibleWords(const PlanScenario& scenario, const PlanReport& report);
// What else the reader should know of a scenario: no limit stated, requests without a tier.
std::vector<std::string> NoteWords(const PlanScenario& scenario, const PlanReport& report);

// A line of the main table: a policy by name, and what it is like.
struct PlanLine {
  std::string name;
  PlanPoint point;
  std::string quality_note;  // "+-0.004"
  bool is_main = false;      // expected under a configuration
};
// Today, each scenario (expected, measured, optimum), every tier alone.
std::vector<PlanLine> PlanLines(const PlanReport& report);

}  // namespace suffice
