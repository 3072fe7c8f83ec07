#include "nightly/nightly_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluation/page_parts.h"
#include "evaluation/svg.h"
#include "nightly/nightly_figures.h"

namespace suffice {
namespace {

constexpr size_t kExamples = 10;
constexpr size_t kExampleCharacters = 280;
constexpr double kPerThousand = 1000;

std::string VerdictWords(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPromote:
      return "Promote";
    case Verdict::kKeep:
      return "Keep";
    case Verdict::kNotEnoughEvidence:
      return "Not enough evidence";
  }
  return "";
}

std::string NumberOrDash(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : "-";
}

std::string Table(const std::string& head, const std::string& rows) {
  return fmt::format("<div class='scroll'><table><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>\n", head,
                     rows);
}

std::string PoliciesTable(const GateOutcome& outcome) {
  std::string rows;
  for (size_t p = 0; p < outcome.input.rivals.size(); ++p) {
    const GateRival& rival = outcome.input.rivals[p];
    rows += fmt::format("<tr{}><td>{}</td><td>{} ({} to {})</td><td>${}</td><td>{}</td><td>{}</td></tr>\n",
                        p == GateEvidence::kCandidate ? " class='policy'" : "", EscapeXml(rival.name),
                        NumberOrDash(rival.quality.value, 4), NumberOrDash(rival.quality.low, 4),
                        NumberOrDash(rival.quality.high, 4), NumberOrDash(kPerThousand * rival.cost_usd.value, 4),
                        rival.late ? NumberOrDash(100 * rival.late->value, 1) + "%" : "-",
                        rival.difference ? fmt::format("{:+.4g} ({:+.4g} to {:+.4g})", rival.difference->value,
                                                       rival.difference->low, rival.difference->high)
                                         : "-");
  }
  return Table("<th></th><th>quality</th><th>per 1,000 requests</th><th>late (p95)</th><th>candidate minus it: " +
                   EscapeXml(outcome.input.objective) + "</th>",
               rows);
}

std::string LimitsTable(const GateVerdict& verdict) {
  std::string rows;
  for (const LimitTest& test : verdict.limits) {
    rows += fmt::format("<tr><td>{}</td><td>{} {:.4g}</td><td>{:.4g} ({:.4g} to {:.4g})</td><td>{}</td></tr>\n",
                        EscapeXml(test.name), test.at_most ? "at most" : "at least", test.limit, test.value, test.low,
                        test.high, ToString(test.finding));
  }
  if (rows.empty()) return "<p>No limit is stated that the gate could test.</p>\n";
  return Table("<th>limit</th><th>stated</th><th>candidate</th><th>finding</th>", rows);
}

std::string BiasTable(const Evaluations& evaluations) {
  std::string rows;
  for (const auto& [tier, bias] : evaluations.bias) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{:+.3f}</td><td>{:.3f}</td><td>{:.2f}</td><td>{}</td></tr>\n",
                        EscapeXml(tier), bias.labels, bias.bias, bias.standard_error, bias.correlation,
                        bias.IsKnown() ? "taken off" : "too few to correct");
  }
  if (rows.empty()) return "<p>No sampled decision has a user's feedback: the judges' bias is not known.</p>\n";
  return Table(
      "<th>tier</th><th>rated by both</th><th>judge minus user</th><th>standard error</th>"
      "<th>correlation</th><th></th>",
      rows);
}

std::string FailuresTable(const Evaluations& evaluations) {
  std::string rows;
  for (const auto& [tier, failures] : evaluations.failures) {
    if (failures.errors + failures.refusals + failures.wrong_model + failures.unscored == 0) continue;
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", EscapeXml(tier),
                        failures.errors, failures.refusals, failures.wrong_model, failures.unscored);
  }
  if (rows.empty()) return "";
  return "<p>Calls without a usable answer have no reward; they are taken to hit prompts alike, and the rest stands "
         "for "
         "them.</p>\n" +
         Table("<th>tier</th><th>errors</th><th>refusals</th><th>another model answered</th><th>no score</th>", rows);
}

// How differently two policies decide a prompt: total variation.
double Disagreement(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t k = 0; k < a.size(); ++k) sum += std::abs(a[k] - b[k]);
  return sum / 2;
}

std::string SharesText(const std::vector<double>& shares, const std::vector<std::string>& tiers) {
  const auto most = std::max_element(shares.begin(), shares.end());
  return fmt::format("{} ({:.0f}%)", tiers[static_cast<size_t>(most - shares.begin())], 100 * *most);
}

// At most so many bytes, cut between characters.
std::string Cut(const std::string& text) {
  if (text.size() <= kExampleCharacters) return text;
  size_t end = kExampleCharacters;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string RewardsText(const EvaluatedSample& evaluated) {
  std::string text;
  for (const auto& [tier, answer] : evaluated.answers) {
    if (answer.reward) text += fmt::format("{}{} {:.2f}", text.empty() ? "" : ", ", tier, *answer.reward);
  }
  return text;
}

std::string DisagreementsTable(const GateEvidence& evidence) {
  const auto& candidate = evidence.evaluations.policies[GateEvidence::kCandidate];
  const auto& serving = evidence.evaluations.policies[GateEvidence::kServing];
  std::vector<size_t> order(candidate.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto apart = [&](size_t i) { return Disagreement(candidate[i], serving[i]); };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return apart(a) > apart(b); });
  std::string rows;
  for (size_t k = 0; k < std::min(kExamples, order.size()); ++k) {
    const size_t i = order[k];
    if (apart(i) < 0.05) break;
    const EvaluatedSample& evaluated = *evidence.evaluated[i];
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        EscapeXml(Cut(evaluated.sample.prompt)), EscapeXml(SharesText(serving[i], evidence.tiers)),
                        EscapeXml(SharesText(candidate[i], evidence.tiers)), EscapeXml(RewardsText(evaluated)));
  }
  if (rows.empty()) return "<p>They decide every held-out prompt alike.</p>\n";
  return Table("<th>prompt</th><th>serving</th><th>candidate</th><th>rewards</th>", rows);
}

std::string Intervals(const GateOutcome& outcome) {
  std::vector<IntervalLine> quality, cost, difference;
  for (size_t p = 0; p < outcome.input.rivals.size(); ++p) {
    const GateRival& rival = outcome.input.rivals[p];
    const bool is_candidate = p == GateEvidence::kCandidate;
    quality.push_back({rival.name, rival.quality, is_candidate});
    cost.push_back({rival.name, rival.cost_usd, is_candidate});
    if (rival.difference) difference.push_back({"minus " + rival.name, *rival.difference, p == GateEvidence::kServing});
  }
  return IntervalsSvg(quality, "mean quality", 1) + IntervalsSvg(cost, "dollars per 1,000 requests", kPerThousand) +
         IntervalsSvg(difference, "candidate minus the other: " + outcome.input.objective, 1);
}

}  // namespace

std::string RenderNightlyPage(const NightlyPageInput& input) {
  const GateOutcome& outcome = *input.outcome;
  const GateEvidence& evidence = *input.evidence;
  std::string cards = Card(VerdictWords(outcome.verdict.verdict), "verdict");
  cards += Card(fmt::format("{:+.4g}", outcome.input.difference.value),
                "candidate minus serving: " + outcome.input.objective);
  cards += Card(fmt::format("{}", outcome.evaluations), "held-out evaluations");
  cards += Card(fmt::format("{}", outcome.decisions), "held-out decisions");
  std::string body = fmt::format("<p>{}</p>\n", EscapeXml(input.summary)) + Cards(cards) + BulletList(outcome.notes);
  body += Figure("Estimates", fmt::format("Each with its {:.3g}% interval.", 100 * input.config->nightly.confidence),
                 Intervals(outcome)) +
          PoliciesTable(outcome);
  body += "<h2>Limits</h2>\n" + LimitsTable(outcome.verdict);
  body += Figure("Quality for the money, before and after",
                 "Measured on held-out evaluations. Up and to the left is better. The lines are what always taking the "
                 "best predicted tier buys, at every price of money.",
                 FrontiersSvg(MeasureFrontiers(evidence, *input.config, input.log), outcome.input.rivals));
  body += Figure("Reliability", "Predicted quality of held-out prompts against what their answers were worth.",
                 ReliabilitySvg(evidence, *input.config));
  if (const std::string curve = RewardOverTimeSvg(evidence.traffic); !curve.empty()) {
    body += Figure("Learning", "Mean reward of the logged decisions over time.", curve);
  }
  body += Figure("Where the two decide differently",
                 "Held-out prompts on which candidate and serving policy differ most.", "") +
          DisagreementsTable(evidence);
  body += "<h2>Judges and users</h2>\n" + BiasTable(*input.evaluations) + FailuresTable(*input.evaluations);
  body += fmt::format("<footer>Run {}: {}.</footer>\n", input.run->number, EscapeXml(input.run->summary));
  return Page(fmt::format("Night {} of {}", input.run->number, input.config->name), body);
}

}  // namespace suffice
