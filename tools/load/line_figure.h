// A picture of a few lines over one quantity.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <vector>

#include "evaluation/svg.h"

namespace suffice::load {

struct FigureLine {
  std::string name;
  std::string stroke;          // class of its colour
  bool dashed = false;
  std::vector<Point> points;   // x, y in units of the axes; both > 0
};

struct LineFigure {
  std::string title;  // for screen readers
  std::string x_name, y_name;
  bool log_x = false, log_y = false;
  std::vector<FigureLine> lines;
};

// REQUIRES: at least one point.
std::string Draw(const LineFigure& figure);

}  // namespace suffice::load
