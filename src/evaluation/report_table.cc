#include <fmt/format.h>

#include <algorithm>

#include "evaluation/report.h"

namespace suffice {
namespace {

std::string Cost(double usd) { return fmt::format("{:.4g}", usd); }
std::string Quality(double quality) { return fmt::format("{:.4f}", quality); }
std::string Percent(double share) { return fmt::format("{:.1f}%", 100 * share); }

struct Line {
  std::string label;
  std::string quality;
  std::string cost;
  std::string share;
};

// Columns that a terminal shows one character wide; names beyond ASCII count their characters, not their bytes.
size_t DisplayWidth(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string PadRight(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, DisplayWidth(text)), ' ');
}

std::vector<Line> MainLines(const ReplayReport& report) {
  std::vector<Line> lines;
  const std::string cost = Cost(report.cost_mean_usd);
  lines.push_back({"this policy", Quality(report.quality_mean), cost, ""});
  for (size_t k = 0; k < report.always.size(); ++k) {
    const std::string share = k < report.tier_share.size() ? Percent(report.tier_share[k]) : "";
    const QualityCost& tier = report.always[k];
    lines.push_back({"always " + report.tier_names[k], Quality(tier.quality), Cost(tier.cost_usd), share});
  }
  lines.push_back({"random mix, same cost", Quality(report.random_mix_same_cost), cost, ""});
  lines.push_back({"best mix, same cost", Quality(report.best_mix_same_cost), cost, ""});
  lines.push_back({"optimum, same cost", Quality(report.optimum_same_cost), cost, ""});
  return lines;
}

std::vector<std::pair<std::string, std::string>> Facts(const ReplayReport& report) {
  std::vector<std::pair<std::string, std::string>> facts;
  facts.emplace_back("gap closed", report.gap_closed
                                       ? fmt::format("{:+.3f}  (0: the best mix, 1: the optimum)", *report.gap_closed)
                                       : "none to close: the optimum is no better than the best mix");
  if (report.seeds > 1) facts.emplace_back("quality, sd over seeds", fmt::format("{:.4f}", report.quality_sd));
  if (report.regret) facts.emplace_back("regret", fmt::format("{:.4g}", *report.regret));
  for (const LimitUse& use : report.limits) {
    facts.emplace_back(use.name, fmt::format("{:.4g} of {:.4g}, worst seed {:.4g}", use.mean, use.limit, use.worst));
  }
  if (!report.budgets.empty()) {
    const auto [least, most] = std::minmax_element(
        report.budgets.begin(), report.budgets.end(),
        [](const BudgetUse& a, const BudgetUse& b) { return a.UsedShare() < b.UsedShare(); });
    int64_t without = 0;
    for (const BudgetUse& use : report.budgets) without += use.HoursWithout();
    facts.emplace_back("budgets used", fmt::format("{} to {} of each period's, {} hours began with nothing left",
                                                   Percent(least->UsedShare()), Percent(most->UsedShare()), without));
  }
  if (report.refused_share > 0) facts.emplace_back("refused", Percent(report.refused_share));
  if (report.infeasible_share > 0) {
    facts.emplace_back("infeasible",
                       fmt::format("{} of the decisions: {}", Percent(report.infeasible_share), report.infeasible));
  }
  size_t alarms = 0;
  for (const SeedReport& seed : report.per_seed) alarms += seed.drift_alarms.size();
  if (alarms > 0) {
    const double seeds = static_cast<double>(report.per_seed.size());
    facts.emplace_back("drift alarms", fmt::format("{:.3g} a seed", static_cast<double>(alarms) / seeds));
  }
  if (report.propensity_check) {
    const auto& check = *report.propensity_check;
    facts.emplace_back("propensity check", fmt::format("p = {:.3g}  (chi-squared {:.2f}, {} degrees of freedom)",
                                                       check.p_value, check.statistic, check.degrees_of_freedom));
  }
  facts.emplace_back("time " + report.decide_what,
                     fmt::format("p50 {:.0f} us, p99 {:.0f} us", report.decide_us_p50, report.decide_us_p99));
  if (report.eval) {
    const TwoTierMetrics& eval = *report.eval;
    facts.emplace_back("eval", fmt::format("APGR {:.4f}   CPT(50%) {}   CPT(80%) {}   CPT(95%) {}", eval.apgr,
                                           Percent(eval.cpt50), Percent(eval.cpt80), Percent(eval.cpt95)));
  }
  return facts;
}

void PrintAttacks(const std::vector<AttackResult>& attacks, std::ostream& out) {
  constexpr size_t kName = 36;
  out << fmt::format("\n{}  {:>7}  {:>7}  {:>7}  {:>7}  {:>9}  {:>11}\n", PadRight("attack: decisions that flip", kName),
                     "flipped", "dearer", "cheaper", "worst", "quality", "USD/request");
  for (const AttackResult& attack : attacks) {
    out << fmt::format("{}  {:>7}  {:>7}  {:>7}  {:>7}  {:>+9.4f}  {:>+11.2g}\n", PadRight(attack.name, kName),
                       Percent(attack.Flipped()), Percent(attack.to_dearer), Percent(attack.to_cheaper),
                       Percent(attack.worst), attack.quality_change, attack.cost_change_usd);
  }
}

}  // namespace

void PrintTable(const ReplayReport& report, std::ostream& out) {
  out << fmt::format("{} ({}), config {}: {} decisions x {} {}\n", report.config_name, report.policy,
                     report.config_hash.substr(0, 12), report.decisions, report.seeds,
                     report.seeds == 1 ? "seed" : "seeds");
  if (!report.traffic.empty()) out << "traffic: " << report.traffic << "\n";

  const auto lines = MainLines(report);
  size_t width = 0;
  for (const Line& line : lines) width = std::max(width, DisplayWidth(line.label));
  out << fmt::format("\n{}  {:>8}  {:>12}  {:>7}\n", PadRight("", width), "quality", "USD/request", "share");
  for (const Line& line : lines) {
    std::string text =
        fmt::format("{}  {:>8}  {:>12}  {:>7}", PadRight(line.label, width), line.quality, line.cost, line.share);
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << "\n";
  }

  const auto facts = Facts(report);
  width = 0;
  for (const auto& [name, value] : facts) width = std::max(width, name.size());
  out << "\n";
  for (const auto& [name, value] : facts) out << PadRight(name, width) << "  " << value << "\n";
  if (!report.attacks.empty()) PrintAttacks(report.attacks, out);
}

}  // namespace suffice
