#include "evaluation/chart_frame.h"

namespace suffice {
namespace {

constexpr double kSwatch = 22;
constexpr double kLegendRow = 19;

void DrawSwatch(Svg& svg, Point at, const LegendEntry& entry) {
  const Point center{at.x + kSwatch / 2, at.y - 4};
  switch (entry.shape) {
    case LegendEntry::Shape::kLine:
      svg.Line({at.x, center.y}, {at.x + kSwatch, center.y}, "line " + entry.classes);
      break;
    case LegendEntry::Shape::kDashedLine:
      svg.Line({at.x, center.y}, {at.x + kSwatch, center.y}, "line dashed " + entry.classes);
      break;
    case LegendEntry::Shape::kDottedLine:
      svg.Line({at.x, center.y}, {at.x + kSwatch, center.y}, "line dotted " + entry.classes);
      break;
    case LegendEntry::Shape::kDot:
      svg.Circle(center, 5, "dot " + entry.classes);
      break;
    case LegendEntry::Shape::kDiamond:
      svg.Diamond(center, 7, entry.classes);
      break;
    case LegendEntry::Shape::kSquare: {
      const double left = center.x - 6, right = center.x + 6, top = center.y - 6, bottom = center.y + 6;
      svg.Polygon({{left, top}, {right, top}, {right, bottom}, {left, bottom}}, "area " + entry.classes);
      break;
    }
  }
}

}  // namespace

void DrawValueAxis(Svg& svg, const Axis& axis, const Box& frame, const std::vector<Tick>& ticks,
                   const std::string& name) {
  for (const Tick& tick : ticks) {
    const double y = axis.At(tick.value);
    svg.Line({frame.left, y}, {frame.right, y}, "grid");
    svg.Text({frame.left - 8, y + 4}, tick.label, "", Anchor::kEnd);
  }
  svg.VerticalText({16, (frame.top + frame.bottom) / 2}, name, "strong");
}

void DrawBottomAxis(Svg& svg, const Axis& axis, const Box& frame, const std::vector<Tick>& ticks,
                    const std::string& name) {
  svg.Line({frame.left, frame.bottom}, {frame.right, frame.bottom}, "axis");
  for (const Tick& tick : ticks) {
    const double x = axis.At(tick.value);
    svg.Line({x, frame.bottom}, {x, frame.bottom + 5}, "axis");
    svg.Text({x, frame.bottom + 19}, tick.label, "", Anchor::kMiddle);
  }
  if (!name.empty()) svg.Text({(frame.left + frame.right) / 2, frame.bottom + 40}, name, "strong", Anchor::kMiddle);
}

double DrawLegend(Svg& svg, Point at, double right, const std::vector<LegendEntry>& entries) {
  const double left = at.x;
  for (const LegendEntry& entry : entries) {
    const double width = kSwatch + 7 + TextWidth(entry.text);
    if (at.x > left && at.x + width > right) at = {left, at.y + kLegendRow};
    DrawSwatch(svg, at, entry);
    svg.Text({at.x + kSwatch + 7, at.y}, entry.text, "");
    at.x += width + 16;
  }
  return at.y;
}

}  // namespace suffice
