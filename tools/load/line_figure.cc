#include "line_figure.h"

#include "evaluation/axis.h"
#include "evaluation/chart_frame.h"

namespace suffice::load {
namespace {

constexpr double kWidth = 760;
constexpr double kHeight = 360;
constexpr Box kFrame = {70, 44, kWidth - 20, kHeight - 54};

Axis AxisOf(std::vector<double> values, bool logarithmic, double from_px, double to_px) {
  if (!logarithmic) values.push_back(0);
  const ValueRange range = PaddedRange(values, 0.05, logarithmic);
  return logarithmic ? Axis::Logarithmic(range.low, range.high, from_px, to_px)
                     : Axis::Linear(0, range.high, from_px, to_px);
}

}  // namespace

std::string Draw(const LineFigure& figure) {
  std::vector<double> xs, ys;
  for (const FigureLine& line : figure.lines) {
    for (const Point& point : line.points) {
      xs.push_back(point.x);
      ys.push_back(point.y);
    }
  }
  const Axis x = AxisOf(xs, figure.log_x, kFrame.left, kFrame.right);
  const Axis y = AxisOf(ys, figure.log_y, kFrame.bottom, kFrame.top);
  Svg svg(kWidth, kHeight, figure.title);
  DrawValueAxis(svg, y, kFrame, y.Ticks(6), figure.y_name);
  DrawBottomAxis(svg, x, kFrame, x.Ticks(8), figure.x_name);
  std::vector<LegendEntry> legend;
  for (const FigureLine& line : figure.lines) {
    std::vector<Point> path;
    for (const Point& point : line.points) path.push_back({x.At(point.x), y.At(point.y)});
    svg.Path(path, (line.dashed ? "line dashed " : "line ") + line.stroke);
    for (const Point& point : path) svg.Circle(point, 3, "ring " + line.stroke);
    legend.push_back({line.dashed ? LegendEntry::Shape::kDashedLine : LegendEntry::Shape::kLine, line.stroke, line.name});
  }
  DrawLegend(svg, {kFrame.left, 22}, kFrame.right, legend);
  return svg.Finish();
}

}  // namespace suffice::load
