// What the pictures share: a frame with grid and ticks, and a legend line.
// Thread contract: they write to the given picture alone.
#pragma once

#include <string>
#include <vector>

#include "evaluation/axis.h"
#include "evaluation/svg.h"

namespace suffice {

// Horizontal grid lines with labels left of the frame, and the axis' name turned beside them.
void DrawValueAxis(Svg& svg, const Axis& axis, const Box& frame, const std::vector<Tick>& ticks,
                   const std::string& name);
// Tick marks and labels under the frame, and the axis' name under these (an empty name: none).
void DrawBottomAxis(Svg& svg, const Axis& axis, const Box& frame, const std::vector<Tick>& ticks,
                    const std::string& name);

struct LegendEntry {
  enum class Shape { kLine, kDashedLine, kDottedLine, kDot, kDiamond, kSquare };
  Shape shape = Shape::kLine;
  std::string classes;  // of the shape
  std::string text;
};

// Entries from left to right from `at` (base line of the first row), with new rows at `right`. Returns the base line
// of the last row.
double DrawLegend(Svg& svg, Point at, double right, const std::vector<LegendEntry>& entries);

}  // namespace suffice
