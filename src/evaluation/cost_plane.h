// The plane of cost and quality, as pictures show it.
// Thread contract: immutable values, pure functions.
#pragma once

#include <string>
#include <vector>

#include "evaluation/axis.h"
#include "evaluation/baselines.h"
#include "evaluation/svg.h"

namespace suffice {

struct CostPlane {
  Axis cost;  // dollars per 1,000 requests: fewer zeros
  Axis quality;

  Point At(const QualityCost& point) const;
};

// Holds all the points. REQUIRES: logarithmic only where every cost is > 0.
CostPlane MakeCostPlane(const std::vector<QualityCost>& points, const Box& frame, bool logarithmic);
std::string CostAxisName(bool logarithmic);

// A curve as a path. It is straight in cost; on a logarithmic axis its segments bend, so they are cut into short ones.
// Goes on level up to `max_cost_usd`: more money buys nothing more.
std::vector<Point> Bent(const std::vector<QualityCost>& curve, const CostPlane& plane, double max_cost_usd);

// Points along a path, as far apart everywhere: for label placement.
std::vector<Point> EvenlySpaced(const std::vector<Point>& path);

}  // namespace suffice
