// The report for a terminal.

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <cctype>

#include "absl/time/time.h"
#include "evaluation/insights.h"

namespace suffice {
namespace {

constexpr size_t kEffectsShown = 8;    // a tier
constexpr size_t kContrastsShown = 8;  // in all
constexpr size_t kPromptShown = 90;    // characters

std::string Time(int64_t time_us) {
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixMicros(time_us), absl::UTCTimeZone());
}

const char* Mark(const Finding& finding) { return finding.marked ? "*" : " "; }

std::string Signed(const Finding& finding) {
  return fmt::format("{:+.4f} [{:+.4f}, {:+.4f}]{}", finding.value, finding.low, finding.high, Mark(finding));
}

std::string SharePoints(const Finding& finding) {
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]{}", 100 * finding.value, 100 * finding.low, 100 * finding.high,
                     Mark(finding));
}

std::string Percent(int64_t part, int64_t whole) {
  return fmt::format("{:.1f}%", 100 * static_cast<double>(part) / static_cast<double>(std::max<int64_t>(1, whole)));
}

std::string MeanOf(const Sample& sample, const char* format) {
  return sample.n == 0 ? "-" : fmt::format(fmt::runtime(format), sample.Mean());
}

// One line of a prompt, printable.
std::string OneLine(const std::string& prompt) {
  std::string line;
  for (const char c : prompt) line += std::iscntrl(static_cast<unsigned char>(c)) != 0 ? ' ' : c;
  if (line.size() <= kPromptShown) return line;
  size_t end = kPromptShown;
  while (end > 0 && (line[end] & 0xC0) == 0x80) --end;  // not within a character
  return line.substr(0, end) + "...";
}

void PrintImportance(const InsightReport& report, std::ostream& out) {
  fmt::print(out, "\nwhat moves quality: by one standard deviation more of a feature\n");
  for (const TierImportance& tier : report.importance) {
    const auto marked = std::count_if(tier.effects.begin(), tier.effects.end(),
                                      [](const FeatureEffect& effect) { return effect.effect.marked; });
    fmt::print(out,
               "  {}: features predict {:.1f}% of the rewards' scatter ({:.0f} observations, {} features marked)\n",
               tier.tier, 100 * tier.explained, tier.observations, marked);
    size_t shown = 0;
    for (const FeatureEffect& effect : tier.effects) {
      if (shown == kEffectsShown) break;
      if (!effect.effect.marked) continue;
      ++shown;
      fmt::print(out, "    {:<28} {}\n", effect.dimension, Signed(effect.effect));
    }
  }
}

void PrintContrasts(const InsightReport& report, std::ostream& out) {
  if (report.contrasts.empty()) return;
  fmt::print(out, "\nwhat parts the tiers: the effect on the first less that on the second\n");
  size_t shown = 0;
  for (const FeatureContrast& contrast : report.contrasts) {
    if (!contrast.difference.marked || shown == kContrastsShown) break;
    ++shown;
    fmt::print(out, "    {:<28} {}  {} - {}\n", contrast.dimension, Signed(contrast.difference), contrast.tier,
               contrast.other);
  }
  if (shown == 0) fmt::print(out, "    nothing that passes\n");
}

void PrintTiers(const InsightReport& report, std::ostream& out) {
  fmt::print(out, "\nwhich tier moved: reward less the row's own prediction\n");
  fmt::print(out, "  {:<20} {:>7} {:>7}  {:<25} {:>8} {:>8}  {:<30} {:>6} {:>6}\n", "tier", "older", "newer",
             "share, points", "older", "newer", "residual", "cost x", "alarms");
  for (const TierChange& tier : report.tiers) {
    fmt::print(out, "  {:<20} {:>7} {:>7}  {:<25} {:>8} {:>8}  {:<30} {:>6.3f} {:>6}\n", tier.tier,
               Percent(tier.older_decisions, report.older), Percent(tier.newer_decisions, report.newer),
               SharePoints(tier.share), MeanOf(tier.older_residual, "{:+.4f}"), MeanOf(tier.newer_residual, "{:+.4f}"),
               tier.older_residual.n < 2 || tier.newer_residual.n < 2 ? "-" : Signed(tier.residual), tier.cost_ratio,
               tier.alarms.size());
    for (const DriftAlarm& alarm : tier.alarms) {
      fmt::print(out, "    {} from {} on, noticed {}\n", alarm.shift == Shift::kDrop ? "dropped" : "rose",
                 Time(alarm.start_us), Time(alarm.time_us));
    }
  }
}

void PrintClusters(const InsightReport& report, std::ostream& out) {
  fmt::print(out, "\nwhich prompts changed: clusters, largest first\n");
  fmt::print(out, "  {:<3} {:>7} {:>7}  {:<25} {:>7} {:>7}  {:<30} {}\n", "", "older", "newer", "share, points",
             "older", "newer", "reward", "what they are like (in standard deviations)");
  for (size_t c = 0; c < report.clusters.size(); ++c) {
    const ClusterChange& cluster = report.clusters[c];
    std::vector<std::string> properties;
    for (const auto& [name, off] : cluster.properties) properties.push_back(fmt::format("{} {:+.1f}", name, off));
    fmt::print(out, "  {:<3} {:>7} {:>7}  {:<25} {:>7} {:>7}  {:<30} {}\n", c + 1,
               Percent(cluster.older_decisions, report.older), Percent(cluster.newer_decisions, report.newer),
               SharePoints(cluster.share), MeanOf(cluster.older_reward, "{:.4f}"),
               MeanOf(cluster.newer_reward, "{:.4f}"),
               cluster.older_reward.n < 2 || cluster.newer_reward.n < 2 ? "-" : Signed(cluster.reward),
               fmt::join(properties, ", "));
    for (const std::string& prompt : cluster.examples) fmt::print(out, "      \"{}\"\n", OneLine(prompt));
  }
}

}  // namespace

void PrintInsights(const InsightReport& report, std::ostream& out) {
  fmt::print(out, "{} decisions ({} with a reward), {} to {} UTC; older: the first {}, newer: from {} on\n",
             report.older + report.newer, report.rewarded, Time(report.start_us), Time(report.end_us), report.older,
             Time(report.boundary_us));
  fmt::print(out, "intervals: 95%. *: believed; of these at most {:.0f}% in a table are expected to be chance\n",
             100 * report.options.discovery_rate);
  PrintImportance(report, out);
  PrintContrasts(report, out);
  PrintTiers(report, out);
  PrintClusters(report, out);
}

}  // namespace suffice
