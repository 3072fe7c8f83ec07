#include "evaluation/cost_plane.h"

#include <algorithm>
#include <cmath>

namespace suffice {
namespace {

constexpr double kPerThousand = 1000;

}  // namespace

Point CostPlane::At(const QualityCost& point) const {
  return {cost.At(point.cost_usd * kPerThousand), quality.At(point.quality)};
}

CostPlane MakeCostPlane(const std::vector<QualityCost>& points, const Box& frame, bool logarithmic) {
  std::vector<double> costs, qualities;
  for (const QualityCost& point : points) {
    costs.push_back(point.cost_usd * kPerThousand);
    qualities.push_back(point.quality);
  }
  const ValueRange cost = PaddedRange(costs, 0.06, logarithmic);
  const ValueRange quality = PaddedRange(qualities, 0.1, false);
  return {logarithmic ? Axis::Logarithmic(cost.low, cost.high, frame.left, frame.right)
                      : Axis::Linear(cost.low, cost.high, frame.left, frame.right),
          Axis::Linear(quality.low, quality.high, frame.bottom, frame.top)};
}

std::string CostAxisName(bool logarithmic) {
  return std::string("US dollars per 1,000 requests") + (logarithmic ? " (logarithmic)" : "");
}

std::vector<Point> Bent(const std::vector<QualityCost>& curve, const CostPlane& plane, double max_cost_usd) {
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
  if (!curve.empty() && curve.back().cost_usd < max_cost_usd) {
    points.push_back(plane.At({curve.back().quality, max_cost_usd}));
  }
  return points;
}

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

}  // namespace suffice
