#include <fmt/format.h>

#include <algorithm>

#include "evaluation/chart_frame.h"
#include "evaluation/figures.h"
#include "evaluation/label_layout.h"

namespace suffice {
namespace {

constexpr double kWidth = 760;
constexpr double kLeft = 66;
constexpr double kPerThousand = 1000;
constexpr double kLabelGap = 15;

double WidestName(const ReplayReport& report) {
  double widest = TextWidth("this policy");
  for (const std::string& name : report.tier_names) widest = std::max(widest, TextWidth(name));
  return widest;
}

Axis DecisionsAxis(const ReplayReport& report, const Box& frame) {
  return Axis::Linear(0, static_cast<double>(report.learning_curve.back().decisions), frame.left, frame.right);
}

// Where each window's middle lies, in decisions.
std::vector<double> Middles(const ReplayReport& report) {
  std::vector<double> middles;
  double begin = 0;
  for (const LearningPoint& point : report.learning_curve) {
    const auto end = static_cast<double>(point.decisions);
    middles.push_back((begin + end) / 2);
    begin = end;
  }
  return middles;
}

// Mean of each value and its neighbours on both sides: single windows are noisy.
std::vector<double> Smooth(const std::vector<double>& values) {
  std::vector<double> smooth(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t reach = std::min({size_t{1}, i, values.size() - 1 - i});
    double total = 0;
    for (size_t j = i - reach; j <= i + reach; ++j) total += values[j];
    smooth[i] = total / static_cast<double>(2 * reach + 1);
  }
  return smooth;
}

// One quantity over the decisions, with every tier's constant beside it.
struct Panel {
  std::string name;
  std::vector<double> policy;  // per window
  std::vector<double> always;  // per tier
  bool logarithmic = false;
};

void DrawPanel(Svg& svg, const ReplayReport& report, const Panel& panel, const Box& frame) {
  std::vector<double> values = panel.policy;
  values.insert(values.end(), panel.always.begin(), panel.always.end());
  const ValueRange range = PaddedRange(values, 0.08, panel.logarithmic);
  const Axis y = panel.logarithmic ? Axis::Logarithmic(range.low, range.high, frame.bottom, frame.top)
                                   : Axis::Linear(range.low, range.high, frame.bottom, frame.top);
  const Axis x = DecisionsAxis(report, frame);
  DrawValueAxis(svg, y, frame, y.Ticks(5), panel.name);
  std::vector<double> heights;
  for (size_t k = 0; k < panel.always.size(); ++k) {
    const double at = y.At(panel.always[k]);
    svg.Line({frame.left, at}, {frame.right, at}, "line dashed " + TierClass("stroke", k));
    heights.push_back(at + 4);
  }
  std::vector<Point> path;
  const auto middles = Middles(report);
  for (size_t i = 0; i < middles.size(); ++i) path.push_back({x.At(middles[i]), y.At(panel.policy[i])});
  svg.Path(path, "line policy-stroke");
  heights.push_back(path.back().y + 4);
  const auto spread = SpreadHeights(heights, kLabelGap, frame.top + 4, frame.bottom + 4);
  for (size_t k = 0; k < panel.always.size(); ++k) {
    svg.Text({frame.right + 8, spread[k]}, report.tier_names[k], TierClass("fill", k) + " direct");
  }
  svg.Text({frame.right + 8, spread.back()}, "this policy", "policy-text direct");
}

Panel QualityPanel(const ReplayReport& report) {
  Panel panel{"quality", {}, {}, false};
  for (const LearningPoint& point : report.learning_curve) panel.policy.push_back(point.quality);
  for (const QualityCost& tier : report.always) panel.always.push_back(tier.quality);
  panel.policy = Smooth(panel.policy);
  return panel;
}

Panel CostPanel(const ReplayReport& report) {
  Panel panel{"$ per 1,000 requests", {}, {}, true};
  for (const LearningPoint& point : report.learning_curve) panel.policy.push_back(point.cost_usd * kPerThousand);
  for (const QualityCost& tier : report.always) panel.always.push_back(tier.cost_usd * kPerThousand);
  panel.policy = Smooth(panel.policy);
  const auto is_free = [](double cost) { return cost <= 0; };
  panel.logarithmic = std::none_of(panel.policy.begin(), panel.policy.end(), is_free) &&
                      std::none_of(panel.always.begin(), panel.always.end(), is_free);
  return panel;
}

}  // namespace

std::string LearningCurveSvg(const ReplayReport& report) {
  const double right = kWidth - 16 - WidestName(report);
  const Box quality{kLeft, 16, right, 226};
  const Box cost{kLeft, 256, right, 446};
  Svg svg(kWidth, 500, "Quality and cost of this policy as it learns, beside every tier alone");
  DrawPanel(svg, report, QualityPanel(report), quality);
  DrawPanel(svg, report, CostPanel(report), cost);
  svg.Line({quality.left, quality.bottom}, {quality.right, quality.bottom}, "axis");
  const Axis x = DecisionsAxis(report, cost);
  DrawBottomAxis(svg, x, cost, x.Ticks(6), "decisions");
  return svg.Finish();
}

std::string TierShareSvg(const ReplayReport& report) {
  Svg svg(kWidth, 320, "Share of decisions per tier over time");
  std::vector<LegendEntry> legend;
  for (size_t k = 0; k < report.tier_names.size(); ++k) {
    legend.push_back({LegendEntry::Shape::kSquare, TierClass("fill", k), report.tier_names[k]});
  }
  const double legend_bottom = DrawLegend(svg, {kLeft, 24}, kWidth - 20, legend);
  const Box frame{kLeft, legend_bottom + 18, kWidth - 20, 266};
  const Axis x = DecisionsAxis(report, frame);
  const Axis y = Axis::Linear(0, 1, frame.bottom, frame.top);
  const std::vector<Tick> ticks{{0, "0%"}, {0.25, "25%"}, {0.5, "50%"}, {0.75, "75%"}, {1, "100%"}};
  DrawValueAxis(svg, y, frame, ticks, "share of decisions");
  const size_t windows = report.learning_curve.size();
  std::vector<double> below(windows, 0.0);
  for (size_t k = 0; k < report.tier_names.size(); ++k) {
    std::vector<Point> upper, lower;
    double begin = 0;
    for (size_t i = 0; i < windows; ++i) {
      const LearningPoint& point = report.learning_curve[i];
      const auto end = static_cast<double>(point.decisions);
      const double top = std::min(1.0, below[i] + point.tier_share[k]);
      for (const double at : {begin, end}) {  // a window is a step
        upper.push_back({x.At(at), y.At(top)});
        lower.push_back({x.At(at), y.At(below[i])});
      }
      below[i] = top;
      begin = end;
    }
    upper.insert(upper.end(), lower.rbegin(), lower.rend());
    svg.Polygon(upper, "area " + TierClass("fill", k));
  }
  DrawBottomAxis(svg, x, frame, x.Ticks(6), "decisions");
  return svg.Finish();
}

}  // namespace suffice
