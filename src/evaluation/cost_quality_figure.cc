#include <algorithm>

#include "evaluation/chart_frame.h"
#include "evaluation/cost_plane.h"
#include "evaluation/figures.h"
#include "evaluation/label_layout.h"

namespace suffice {
namespace {

constexpr double kWidth = 760;
constexpr double kHeight = 470;

bool AllCostMoney(const ReplayReport& report) {
  const auto costs_money = [](const QualityCost& point) { return point.cost_usd > 0; };
  return report.cost_mean_usd > 0 && std::all_of(report.always.begin(), report.always.end(), costs_money) &&
         std::all_of(report.optimum_curve.begin(), report.optimum_curve.end(), costs_money);
}

CostPlane PlaneFor(const ReplayReport& report, const Box& frame, bool logarithmic) {
  std::vector<QualityCost> all{{report.quality_mean, report.cost_mean_usd}};
  for (const auto* points : {&report.always, &report.best_mix_curve, &report.optimum_curve}) {
    all.insert(all.end(), points->begin(), points->end());
  }
  for (const SeedReport& seed : report.per_seed) all.push_back({seed.quality, seed.cost_usd});
  return MakeCostPlane(all, frame, logarithmic);
}

void DrawMarks(Svg& svg, const ReplayReport& report, const CostPlane& plane, const Box& frame,
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
  const CostPlane plane = PlaneFor(report, frame, logarithmic);
  DrawValueAxis(svg, plane.quality, frame, plane.quality.Ticks(7), "mean quality");
  DrawBottomAxis(svg, plane.cost, frame, plane.cost.Ticks(8), CostAxisName(logarithmic));
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
