// A small writer of SVG pictures that follow the reader's light or dark mode, without scripts.
// Thread contract: one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace suffice {

// In pixels of the picture; y grows downwards.
struct Point {
  double x = 0;
  double y = 0;
};

struct Box {
  double left = 0;
  double top = 0;
  double right = 0;
  double bottom = 0;
};

// `text` for XML and HTML, in elements and in quoted attributes. Control characters become spaces.
std::string EscapeXml(std::string_view text);

// Colours and type for pictures and page, as CSS variables. Tier k has the classes "tier-stroke-k" and "tier-fill-k",
// k below kTierColors; use TierClass.
std::string ChartStyle();
inline constexpr size_t kTierColors = 8;
std::string TierClass(std::string_view kind, size_t tier);  // kind: "stroke" or "fill"

// Width of a text as drawn, on the large side, since browsers differ.
double TextWidth(std::string_view text);
inline constexpr double kTextHeight = 15;

enum class Anchor { kStart, kMiddle, kEnd };

class Svg {
 public:
  // `title` is read out by screen readers.
  Svg(double width, double height, std::string_view title);

  double width() const { return width_; }
  double height() const { return height_; }

  void Line(Point from, Point to, std::string_view classes);
  void Path(const std::vector<Point>& points, std::string_view classes);
  void Polygon(const std::vector<Point>& points, std::string_view classes);
  void Circle(Point center, double radius, std::string_view classes);
  // A four-pointed diamond.
  void Diamond(Point center, double radius, std::string_view classes);
  // `at` is on the base line.
  void Text(Point at, std::string_view text, std::string_view classes, Anchor anchor = Anchor::kStart);
  // Turned by 90 degrees, reading upwards.
  void VerticalText(Point at, std::string_view text, std::string_view classes);

  // The whole picture, with its own style, so that it stands alone or in a page.
  std::string Finish() const;

 private:
  double width_;
  double height_;
  std::string title_;
  std::string body_;
};

}  // namespace suffice
