#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluation/chart_frame.h"
#include "evaluation/figures.h"
#include "evaluation/label_layout.h"

namespace suffice {
namespace {

constexpr double kWidth = 760;
constexpr double kHeight = 470;
constexpr double kPerThousand = 1000;  // costs are shown per 1,000 requests: fewer zeros

struct Plane {
  Axis cost;
  Axis quality;

  Point At(const QualityCost& point) const {
    return {cost.At(point.cost_usd * kPerThousand), quality.At(point.quality)};
  }
};

bool AllCostMoney(const ReplayReport& report) {
  const auto costs_money = [](const QualityCost& point) { return point.cost_usd > 0; };
  return report.cost_mean_usd > 0 && std::all_of(report.always.begin(), report.always.end(), costs_money) &&
         std::all_of(report.optimum_curve.begin(), report.optimum_curve.end(), costs_money);
}

// A curve is straight in cost; on a logarithmic axis its segments bend, so they are cut into short ones.
std::vector<Point> Bent(const std::vector<QualityCost>& curve, const Plane& plane, double max_cost_usd) {
  constexpr int kCuts = 32;
  std::vector<Point> points;
  for (size_t i = 0; i < curve.size(); ++i) {
    if (i > 0) {
      const QualityCost& a = curve[i - 1];
      const QualityCost& b = curve[i];
      for (int cut = 1; cut < kCuts; ++cut) {
        const double part = static_cast<double>(cut) / kCuts;
        points.push_back(plane.At({std::lerp(a.quality, b.quality, part), std::lerp(a.cost_usd, b.cost_usd, part)}));
      }
    }
    points.push_back(plane.At(curve[i]));
  }
  // More money buys nothing more.
  if (!curve.empty() && curve.back().cost_usd < max_cost_usd) {
    points.push_back(plane.At({curve.back().quality, max_cost_usd}));
  }
  return points;
}

// A point's share of a curve's pixels depends on where it is cut; for label placement it must not.
std::vector<Point> EvenlySpaced(const std::vector<Point>& path) {
  constexpr double kSpacing = 4;
  std::vector<Point> even;
  for (size_t i = 1; i < path.size(); ++i) {
    const double dx = path[i].x - path[i - 1].x, dy = path[i].y - path[i - 1].y;
    const int steps = std::max(1, static_cast<int>((std::abs(dx) + std::abs(dy)) / kSpacing));
    for (int s = 0; s < steps; ++s) even.push_back({path[i - 1].x + dx * s / steps, path[i - 1].y + dy * s / steps});
  }
  return even;
}

Plane MakePlane(const ReplayReport& report, const Box& frame, bool logarithmic) {
  std::vector<double> costs{report.cost_mean_usd * kPerThousand}, qualities{report.quality_mean};
  for (const auto* points : {&report.always, &report.best_mix_curve, &report.optimum_curve}) {
    for (const QualityCost& point : *points) {
      costs.push_back(point.cost_usd * kPerThousand);
      qualities.push_back(point.quality);
    }
  }
  for (const SeedReport& seed : report.per_seed) {
    costs.push_back(seed.cost_usd * kPerThousand);
    qualities.push_back(seed.quality);
  }
  const ValueRange cost = PaddedRange(costs, 0.06, logarithmic);
  const ValueRange quality = PaddedRange(qualities, 0.1, false);
  return {logarithmic ? Axis::Logarithmic(cost.low, cost.high, frame.left, frame.right)
                      : Axis::Linear(cost.low, cost.high, frame.left, frame.right),
          Axis::Linear(quality.low, quality.high, frame.bottom, frame.top)};
}

void DrawMarks(Svg& svg, const ReplayReport& report, const Plane& plane, const Box& frame,
               const std::vector<Point>& lines) {
  std::vector<Point> marks{plane.At({report.quality_mean, report.cost_mean_usd})};
  std::vector<std::string> labels{"this policy"};
  for (size_t k = 0; k < report.always.size(); ++k) {
    marks.push_back(plane.At(report.always[k]));
    labels.push_back(report.tier_names[k]);
    svg.Circle(marks.back(), 6, "dot " + TierClass("fill", k));
  }
  if (report.per_seed.size() > 1) {
    for (const SeedReport& seed : report.per_seed) svg.Circle(plane.At({seed.quality, seed.cost_usd}), 2.5, "seed");
  }
  svg.Diamond(marks.front(), 8, "policy");
  const auto places = PlaceLabels(marks, labels, lines, frame);
  for (size_t i = 0; i < marks.size(); ++i) svg.Text(places[i].at, labels[i], "name", places[i].anchor);
}

}  // namespace

std::string CostQualitySvg(const ReplayReport& report) {
  Svg svg(kWidth, kHeight, "Quality against cost of this policy, every tier alone, the best mix and the optimum");
  using Shape = LegendEntry::Shape;
  const double legend_bottom = DrawLegend(svg, {66, 24}, kWidth - 20,
                                          {{Shape::kDiamond, "policy", "this policy"},
                                           {Shape::kLine, "best", "optimum (all known)"},
                                           {Shape::kDashedLine, "mix", "best mix (blind)"},
                                           {Shape::kDot, TierClass("fill", 0), "single tiers"}});
  const Box frame{66, legend_bottom + 18, kWidth - 20, kHeight - 54};
  const bool logarithmic = AllCostMoney(report);
  const Plane plane = MakePlane(report, frame, logarithmic);
  DrawValueAxis(svg, plane.quality, frame, plane.quality.Ticks(7), "mean quality");
  DrawBottomAxis(svg, plane.cost, frame, plane.cost.Ticks(8),
                 fmt::format("US dollars per 1,000 requests{}", logarithmic ? " (logarithmic)" : ""));
  double dearest = report.cost_mean_usd;
  for (const QualityCost& tier : report.always) dearest = std::max(dearest, tier.cost_usd);
  const auto mix = Bent(report.best_mix_curve, plane, dearest);
  const auto optimum = Bent(report.optimum_curve, plane, dearest);
  svg.Path(mix, "line dashed mix");
  svg.Path(optimum, "line best");
  auto lines = EvenlySpaced(mix);
  const auto more = EvenlySpaced(optimum);
  lines.insert(lines.end(), more.begin(), more.end());
  DrawMarks(svg, report, plane, frame, lines);
  return svg.Finish();
}

}  // namespace suffice
