// Where to write names so that they do not cover one another.
// Thread contract: pure functions.
#pragma once

#include <string>
#include <vector>

#include "evaluation/svg.h"

namespace suffice {

struct PlacedLabel {
  Point at;  // base line
  Anchor anchor = Anchor::kStart;
};

// One place per mark, beside, above or below it: within `frame`, off other labels and all marks if that is possible,
// and off the `lines` (points sampled along them) where that costs nothing. Earlier labels choose first.
std::vector<PlacedLabel> PlaceLabels(const std::vector<Point>& marks, const std::vector<std::string>& labels,
                                     const std::vector<Point>& lines, const Box& frame);

// Moves heights apart until neighbours are at least `gap` apart, keeping their order and staying within [top, bottom]
// while they fit.
std::vector<double> SpreadHeights(const std::vector<double>& wanted, double gap, double top, double bottom);

}  // namespace suffice
