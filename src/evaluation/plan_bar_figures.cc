#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluation/chart_frame.h"
#include "evaluation/plan_page.h"
#include "evaluation/plan_words.h"

namespace suffice {
namespace {

constexpr double kWidth = 760;
constexpr double kLeft = 20;
constexpr double kBarHeight = 16;

std::vector<Point> Rectangle(double left, double top, double right, double bottom) {
  return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

std::string SlackWords(const PlannedLimit& planned) {
  if (planned.binds) return "binds";
  const double left = 1 - planned.use / AllowedUse(planned.limit);
  if (planned.limit.kind == PlanLimit::Kind::kQuality) {
    return fmt::format("{:.4f} {}", std::abs(planned.use - planned.limit.limit), left > 0 ? "short" : "above");
  }
  return left < 0 ? fmt::format("{} over", PercentWords(-left)) : fmt::format("{} left", PercentWords(left));
}

// Shortened to fit, with an ellipsis.
std::string Fitting(std::string text, double width) {
  if (TextWidth(text) <= width) return text;
  while (!text.empty() && TextWidth(text) > width - 8) {
    // Whole characters: not within a UTF-8 sequence.
    while (!text.empty() && (text.back() & 0xC0) == 0x80) text.pop_back();
    if (!text.empty()) text.pop_back();
  }
  return text + "…";
}

void DrawLimit(Svg& svg, const PlannedLimit& planned, const PlanReport& report, double top) {
  constexpr double kFull = 560, kMost = 1.12;  // where the limit lies, and how far a bar may go beyond
  const double ratio = planned.use / AllowedUse(planned.limit);
  const double right = kLeft + (kFull - kLeft) * std::clamp(ratio, 0.0, kMost);
  const std::string words = fmt::format("{}: {}; expected {}", planned.limit.name, StatedWords(planned.limit, report),
                                        UseWords(planned, report));
  svg.Text({kLeft, top + 12}, Fitting(words, kWidth - 2 * kLeft), "");
  const double bar = top + 20;
  svg.Polygon(Rectangle(kLeft, bar, kFull, bar + kBarHeight), "track");
  svg.Polygon(Rectangle(kLeft, bar, right, bar + kBarHeight),
              planned.binds ? "area policy-fill" : "area " + TierClass("fill", 0));
  svg.Line({kFull, bar - 4}, {kFull, bar + kBarHeight + 4}, "line best");
  svg.Text({kLeft + (kFull - kLeft) * kMost + 10, bar + 13}, SlackWords(planned), "strong");
}

struct ShareBar {
  std::string name;
  std::vector<double> shares;
};

std::vector<ShareBar> ShareBars(const PlanReport& report) {
  std::vector<ShareBar> bars;
  if (report.today) bars.push_back({"today", report.today->tier_share});
  for (size_t s = 0; s < report.scenarios.size(); ++s) {
    const PlanScenario& scenario = report.scenarios[s];
    bars.push_back({s == 0 ? scenario.name : fmt::format("what-if {}: {}", s, scenario.name),
                    scenario.expected.tier_share});
  }
  return bars;
}

void DrawShares(Svg& svg, const ShareBar& bar, double top) {
  constexpr double kRight = kWidth - 20;
  svg.Text({kLeft, top + 12}, Fitting(bar.name, kRight - kLeft), "strong");
  double at = kLeft;
  for (size_t k = 0; k < bar.shares.size(); ++k) {
    const double right = at + bar.shares[k] * (kRight - kLeft);
    if (right - at > 0.5) {
      svg.Polygon(Rectangle(at, top + 19, right, top + 19 + kBarHeight + 4), "area " + TierClass("fill", k));
      const std::string percent = PercentWords(bar.shares[k]);
      if (right - at > TextWidth(percent) + 8) {
        svg.Text({(at + right) / 2, top + 33}, percent, "name", Anchor::kMiddle);
      }
    }
    at = right;
  }
}

}  // namespace

std::string LimitBarsSvg(const PlanScenario& scenario, const PlanReport& report) {
  constexpr double kRow = 52;
  const double height = 16 + kRow * static_cast<double>(scenario.limits.size());
  Svg svg(kWidth, height, "Expected use of every limit; the line is the limit");
  for (size_t j = 0; j < scenario.limits.size(); ++j) {
    DrawLimit(svg, scenario.limits[j], report, 8 + kRow * static_cast<double>(j));
  }
  return svg.Finish();
}

std::string PlanSharesSvg(const PlanReport& report) {
  constexpr double kRow = 52;
  std::vector<LegendEntry> legend;
  for (size_t k = 0; k < report.tier_names.size(); ++k) {
    legend.push_back({LegendEntry::Shape::kSquare, TierClass("fill", k), report.tier_names[k]});
  }
  const std::vector<ShareBar> bars = ShareBars(report);
  // The legend may take several rows; a first drawing measures them.
  Svg measure(kWidth, 100, "");
  const double legend_bottom = DrawLegend(measure, {kLeft, 24}, kWidth - 20, legend);
  Svg svg(kWidth, legend_bottom + 14 + kRow * static_cast<double>(bars.size()), "Who answers, in each case");
  DrawLegend(svg, {kLeft, 24}, kWidth - 20, legend);
  for (size_t b = 0; b < bars.size(); ++b) {
    DrawShares(svg, bars[b], legend_bottom + 10 + kRow * static_cast<double>(b));
  }
  return svg.Finish();
}

}  // namespace suffice
