#include "evaluation/label_layout.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace suffice {
namespace {

constexpr double kDistance = 12;  // from a mark's centre to its label
constexpr double kMarkRadius = 8;

bool Overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

bool Inside(const Point& point, const Box& box) {
  return point.x > box.left && point.x < box.right && point.y > box.top && point.y < box.bottom;
}

Box BoxOf(const PlacedLabel& label, double width) {
  const double before = label.anchor == Anchor::kStart ? 0 : label.anchor == Anchor::kEnd ? width : width / 2;
  const double left = label.at.x - before;
  return {left, label.at.y - kTextHeight + 3, left + width, label.at.y + 3};
}

std::vector<PlacedLabel> Candidates(const Point& mark) {
  const double beside = mark.y + 4, above = mark.y - kDistance, below = mark.y + kDistance + 10;
  return {{{mark.x + kDistance, beside}, Anchor::kStart},
          {{mark.x - kDistance, beside}, Anchor::kEnd},
          {{mark.x, below}, Anchor::kMiddle},
          {{mark.x, above}, Anchor::kMiddle},
          {{mark.x + 4, below}, Anchor::kStart},
          {{mark.x + 4, above}, Anchor::kStart},
          {{mark.x - 4, below}, Anchor::kEnd},
          {{mark.x - 4, above}, Anchor::kEnd},
          {{mark.x + 4, below + 14}, Anchor::kStart},
          {{mark.x - 4, above - 14}, Anchor::kEnd}};
}

// Outside the frame is worst, then covering something, then lying on a line.
double Badness(const Box& box, const std::vector<Box>& taken, const std::vector<Point>& lines, const Box& frame) {
  const bool inside =
      box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;
  const auto covered = std::count_if(taken.begin(), taken.end(), [&](const Box& other) { return Overlap(box, other); });
  const auto touched = std::count_if(lines.begin(), lines.end(), [&](const Point& p) { return Inside(p, box); });
  return (inside ? 0 : 1e6) + 1e3 * static_cast<double>(covered) + static_cast<double>(touched);
}

}  // namespace

std::vector<PlacedLabel> PlaceLabels(const std::vector<Point>& marks, const std::vector<std::string>& labels,
                                     const std::vector<Point>& lines, const Box& frame) {
  std::vector<PlacedLabel> placed;
  std::vector<Box> taken;
  for (const Point& mark : marks) {
    taken.push_back({mark.x - kMarkRadius, mark.y - kMarkRadius, mark.x + kMarkRadius, mark.y + kMarkRadius});
  }
  for (size_t i = 0; i < marks.size(); ++i) {
    double best = std::numeric_limits<double>::infinity();
    PlacedLabel choice;
    for (const PlacedLabel& candidate : Candidates(marks[i])) {
      const double badness = Badness(BoxOf(candidate, TextWidth(labels[i])), taken, lines, frame);
      if (badness < best) {
        best = badness;
        choice = candidate;
      }
    }
    placed.push_back(choice);
    taken.push_back(BoxOf(choice, TextWidth(labels[i])));
  }
  return placed;
}

std::vector<double> SpreadHeights(const std::vector<double>& wanted, double gap, double top, double bottom) {
  std::vector<size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return wanted[a] < wanted[b]; });
  std::vector<double> heights = wanted;
  double least = top;
  for (const size_t i : order) {
    heights[i] = std::max(heights[i], least);
    least = heights[i] + gap;
  }
  // What was pushed over the bottom goes back up, pushing its neighbours.
  double most = bottom;
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    heights[*it] = std::min(heights[*it], most);
    most = heights[*it] - gap;
  }
  return heights;
}

}  // namespace suffice
