#include <fmt/format.h>

#include "evaluation/axis.h"
#include "evaluation/figures.h"
#include "evaluation/page_parts.h"
#include "evaluation/svg.h"
#include "evaluation/write_file.h"

namespace suffice {
namespace {

std::string Quality(double quality) { return fmt::format("{:.4f}", quality); }
std::string Percent(double share) { return fmt::format("{:.1f}%", 100 * share); }
std::string PerThousand(double cost_usd) { return fmt::format("${}", PlainNumber(1000 * cost_usd, 3)); }

std::string Summary(const ReplayReport& report) {
  const std::string seeds = report.seeds == 1 ? "one pass" : fmt::format("{} passes in different orders", report.seeds);
  std::string text = fmt::format(
      "<p>Over {} requests ({}), this policy reached a mean quality of <b>{}</b> at <b>{}</b> per 1,000 requests. "
      "For the same money, the best mix of tiers that does not look at the prompt reaches {}, and an optimum that "
      "knows "
      "every reward {}.",
      Grouped(report.decisions), seeds, Quality(report.quality_mean), PerThousand(report.cost_mean_usd),
      Quality(report.best_mix_same_cost), Quality(report.optimum_same_cost));
  if (report.gap_closed && *report.gap_closed >= 0) {
    text += fmt::format(" So {} of the gap between the two is closed.", Percent(*report.gap_closed));
  } else if (report.gap_closed) {
    text += " So the policy is worse than that mix.";
  }
  return text + "</p>\n";
}

std::string CardsOf(const ReplayReport& report) {
  std::string cards;
  cards += Card(report.gap_closed ? Percent(*report.gap_closed) : "none", "of the gap closed");
  cards += Card(Quality(report.quality_mean),
                report.seeds > 1 ? fmt::format("mean quality (sd {:.4f})", report.quality_sd) : "mean quality");
  cards += Card(PerThousand(report.cost_mean_usd), "per 1,000 requests");
  cards += Card(fmt::format("{:.0f} µs", report.decide_us_p50),
                fmt::format("{} (p99 {:.0f} µs)", report.decide_what, report.decide_us_p99));
  return Cards(cards);
}

std::string Row(const std::string& name, double quality, double cost_usd, const std::string& share,
                bool policy = false) {
  return fmt::format("<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", policy ? " class='policy'" : "",
                     EscapeXml(name), Quality(quality), PerThousand(cost_usd), share);
}

std::string Table(const ReplayReport& report) {
  std::string rows;
  const double cost = report.cost_mean_usd;
  rows += Row("this policy", report.quality_mean, cost, "", true);
  for (size_t k = 0; k < report.always.size(); ++k) {
    const std::string share = k < report.tier_share.size() ? Percent(report.tier_share[k]) : "";
    rows += Row("always " + report.tier_names[k], report.always[k].quality, report.always[k].cost_usd, share);
  }
  rows += Row("random mix, same cost", report.random_mix_same_cost, cost, "");
  rows += Row("best mix, same cost", report.best_mix_same_cost, cost, "");
  rows += Row("optimum, same cost", report.optimum_same_cost, cost, "");
  return fmt::format(
      "<div class='scroll'><table><thead><tr><th></th><th>quality</th><th>per 1,000 requests</th>"
      "<th>share under this policy</th></tr></thead><tbody>\n{}</tbody></table></div>\n",
      rows);
}

std::string MoreNumbers(const ReplayReport& report) {
  std::vector<std::string> items;
  const auto item = [&](std::string text) { items.push_back(std::move(text)); };
  if (report.regret) item(fmt::format("Regret against the best choice for every request: {:.4g}.", *report.regret));
  if (report.late_share) item(fmt::format("Late: {} of the requests.", Percent(*report.late_share)));
  if (report.propensity_check) {
    item(fmt::format("Draws match the logged propensities: p = {:.3g} over {} decisions.",
                     report.propensity_check->p_value, Grouped(report.propensity_check->decisions)));
  }
  if (report.eval) {
    const TwoTierMetrics& eval = *report.eval;
    item(
        fmt::format("Ranking of held-out rows: APGR {:.4f}; to recover 50%, 80% and 95% of the gap between the two "
                    "tiers, {}, {} and {} of the calls go to the dearer one.",
                    eval.apgr, Percent(eval.cpt50), Percent(eval.cpt80), Percent(eval.cpt95)));
  }
  return BulletList(items);
}

std::string LearningFigures(const ReplayReport& report) {
  if (report.learning_curve.size() < 2) return "";
  return Figure("How it learned",
                "Means over windows of decisions, each smoothed with its neighbours; dashed lines are tiers used for "
                "everything.",
                LearningCurveSvg(report)) +
         Figure("Who answered", "Share of the decisions that went to each tier.", TierShareSvg(report));
}

}  // namespace

std::string RenderHtml(const ReplayReport& report) {
  const std::string traffic = report.traffic.empty() ? "" : fmt::format("Traffic: {}. ", EscapeXml(report.traffic));
  return Page(fmt::format("{}: {}", report.config_name, report.policy),
              Summary(report) + CardsOf(report) +
                  Figure("Quality against cost",
                         "Up and to the left is better. The optimum knows every reward; the best mix of tiers does not "
                         "look at the prompt. The gap that routing can close lies between the two lines.",
                         CostQualitySvg(report)) +
                  LearningFigures(report) + "<h2>Numbers</h2>\n" + Table(report) + MoreNumbers(report) +
                  fmt::format("<footer>{}Configuration {}.</footer>\n", traffic, EscapeXml(report.config_hash)));
}

absl::Status WriteHtml(const ReplayReport& report, const std::string& path) {
  return WriteFileWhole(path, RenderHtml(report));
}

}  // namespace suffice
