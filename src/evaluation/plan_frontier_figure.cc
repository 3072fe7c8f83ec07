#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluation/chart_frame.h"
#include "evaluation/cost_plane.h"
#include "evaluation/label_layout.h"
#include "evaluation/plan_page.h"
#include "evaluation/plan_words.h"

namespace suffice {
namespace {

constexpr double kWidth = 760;
constexpr double kHeight = 500;

QualityCost At(const PlanPoint& point) { return {point.quality, point.cost_usd}; }

std::vector<QualityCost> CurveOf(const FrontierCurve& curve) {
  std::vector<QualityCost> points;
  for (const PlanPoint& point : curve.points) points.push_back(At(point));
  return points;
}

// Something drawn at one place, with its name.
struct Mark {
  enum class Shape { kDot, kDiamond, kRing };
  Shape shape = Shape::kDot;
  QualityCost at;
  std::string classes;
  std::string label;
};

// Earlier ones choose the place of their label first.
std::vector<Mark> MarksOf(const PlanReport& report) {
  std::vector<Mark> marks;
  for (size_t s = 0; s < report.scenarios.size(); ++s) {
    const PlanScenario& scenario = report.scenarios[s];
    if (!scenario.feasible) continue;  // there is no place that it leads to
    marks.push_back({Mark::Shape::kDiamond, At(scenario.expected), s == 0 ? "policy" : "policy other",
                     s == 0 ? "expected" : fmt::format("what-if {}", s)});
  }
  if (report.today && report.today->rated > 0 && report.today->settled > 0) {
    marks.push_back({Mark::Shape::kRing, {report.today->quality, report.today->cost_usd}, "today", "today"});
  }
  if (report.scenarios.front().optimum) {
    marks.push_back({Mark::Shape::kRing, At(*report.scenarios.front().optimum), "known", "optimum"});
  }
  for (size_t k = 0; k < report.always.size(); ++k) {
    marks.push_back({Mark::Shape::kDot, At(report.always[k]), TierClass("fill", k), report.tier_names[k]});
  }
  return marks;
}

std::vector<QualityCost> AllPoints(const PlanReport& report, const std::vector<Mark>& marks) {
  std::vector<QualityCost> all = report.known_frontier;
  for (const Mark& mark : marks) all.push_back(mark.at);
  for (const FrontierCurve& curve : report.frontier) {
    for (const PlanPoint& point : curve.points) all.push_back(At(point));
  }
  return all;
}

std::string CurveClasses(const PlanReport& report, const FrontierCurve& curve) {
  if (curve.stated) return "line policy-stroke";
  const double stated = report.limits_ms[1];
  const bool looser = stated > 0 ? curve.p95_ms > stated : &curve == &report.frontier[1];
  return looser ? "line dashed policy-stroke" : "line dotted policy-stroke";
}

std::vector<LegendEntry> LegendOf(const PlanReport& report) {
  using Shape = LegendEntry::Shape;
  std::vector<LegendEntry> legend;
  for (const FrontierCurve& curve : report.frontier) {
    if (curve.points.empty()) continue;
    const std::string classes = CurveClasses(report, curve);
    legend.push_back({curve.stated                                            ? Shape::kLine
                      : classes.find("dotted") != std::string::npos ? Shape::kDottedLine
                                                                              : Shape::kDashedLine,
                      "policy-stroke", curve.label});
  }
  if (!report.known_frontier.empty()) legend.push_back({Shape::kLine, "best", "every answer known"});
  legend.push_back({Shape::kDot, TierClass("fill", 0), "single tiers"});
  return legend;
}

void DrawMark(Svg& svg, const Mark& mark, Point at) {
  switch (mark.shape) {
    case Mark::Shape::kDot:
      return svg.Circle(at, 6, "dot " + mark.classes);
    case Mark::Shape::kDiamond:
      return svg.Diamond(at, 8, mark.classes);
    case Mark::Shape::kRing:
      return svg.Circle(at, 6, "ring " + mark.classes);
  }
}

// Lines at the stated floor and mean cost, where they lie within the picture. Returns their points and adds their names.
std::vector<Point> DrawStated(Svg& svg, const PlanReport& report, const CostPlane& plane, const Box& frame,
                              std::vector<Point>& places, std::vector<std::string>& labels) {
  std::vector<Point> lines;
  const auto draw = [&](Point from, Point to, Point place, std::string label) {
    svg.Line(from, to, "axis dashed");
    const auto more = EvenlySpaced({from, to});
    lines.insert(lines.end(), more.begin(), more.end());
    places.push_back(place);
    labels.push_back(std::move(label));
  };
  for (const PlannedLimit& planned : report.scenarios.front().limits) {
    const PlanLimit& limit = planned.limit;
    if (limit.kind == PlanLimit::Kind::kQuality && limit.reference < 0) {
      const double y = plane.quality.At(limit.limit);
      if (y > frame.top && y < frame.bottom) {
        draw({frame.left, y}, {frame.right, y}, {frame.right - 4, y}, fmt::format("floor {}", limit.limit));
      }
    }
    if (limit.kind == PlanLimit::Kind::kCost && limit.tenant.empty() && limit.tier < 0) {
      const double x = plane.At({0, limit.limit}).x;
      if (x > frame.left && x < frame.right) {
        draw({x, frame.top}, {x, frame.bottom}, {x, frame.bottom - 14}, limit.name);
      }
    }
  }
  return lines;
}

}  // namespace

std::string FrontierSvg(const PlanReport& report) {
  Svg svg(kWidth, kHeight, "The most quality for the money, every tier alone, and where the limits lead");
  const double legend_bottom = DrawLegend(svg, {66, 24}, kWidth - 20, LegendOf(report));
  const Box frame{66, legend_bottom + 18, kWidth - 20, kHeight - 54};
  const std::vector<Mark> marks = MarksOf(report);
  const std::vector<QualityCost> all = AllPoints(report, marks);
  const bool logarithmic =
      std::all_of(all.begin(), all.end(), [](const QualityCost& point) { return point.cost_usd > 0; });
  const CostPlane plane = MakeCostPlane(all, frame, logarithmic);
  DrawValueAxis(svg, plane.quality, frame, plane.quality.Ticks(7), "mean quality");
  DrawBottomAxis(svg, plane.cost, frame, plane.cost.Ticks(8), CostAxisName(logarithmic));

  std::vector<Point> places;
  std::vector<std::string> labels;
  for (const Mark& mark : marks) {
    places.push_back(plane.At(mark.at));
    labels.push_back(mark.label);
  }
  std::vector<Point> lines = DrawStated(svg, report, plane, frame, places, labels);
  const auto draw = [&](const std::vector<QualityCost>& curve, const std::string& classes) {
    const auto path = Bent(curve, plane, 0);
    svg.Path(path, classes);
    const auto more = EvenlySpaced(path);
    lines.insert(lines.end(), more.begin(), more.end());
  };
  if (!report.known_frontier.empty()) draw(report.known_frontier, "line best");
  for (const FrontierCurve& curve : report.frontier) {
    if (!curve.points.empty()) draw(CurveOf(curve), CurveClasses(report, curve));
  }
  for (size_t m = marks.size(); m-- > 0;) DrawMark(svg, marks[m], places[m]);
  const auto placed = PlaceLabels(places, labels, lines, frame);
  for (size_t i = 0; i < placed.size(); ++i) svg.Text(placed[i].at, labels[i], "name", placed[i].anchor);
  return svg.Finish();
}

}  // namespace suffice
