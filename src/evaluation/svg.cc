#include "evaluation/svg.h"

#include <fmt/format.h>

#include <algorithm>

namespace suffice {
namespace {

std::string PointList(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points) text += fmt::format("{}{:.1f},{:.1f}", text.empty() ? "" : " ", point.x, point.y);
  return text;
}

constexpr std::string_view kLight =
    "--bg:#ffffff;--panel:#f6f8fa;--ink:#1b2230;--soft:#566173;--grid:#e3e7ed;--policy:#c81e3a;--mix:#566173;"
    "--best:#1b2230;--tier0:#2f74d0;--tier1:#d9820f;--tier2:#2c9463;--tier3:#a84a93;--tier4:#7061e0;--tier5:#2a93a3;"
    "--tier6:#8a7538;--tier7:#b85c48";
constexpr std::string_view kDark =
    "--bg:#12161d;--panel:#1a202a;--ink:#e8ecf2;--soft:#a2adbd;--grid:#2a323e;--policy:#ff6b81;--mix:#a2adbd;"
    "--best:#e8ecf2;--tier0:#69a5ff;--tier1:#f2ad55;--tier2:#5fcb98;--tier3:#dc8fcb;--tier4:#a99ff8;--tier5:#70cddc;"
    "--tier6:#cdb878;--tier7:#ea9b88";

constexpr std::string_view kRules =
    ".chart text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:var(--soft)}"
    ".chart .strong{fill:var(--ink);font-weight:600}"
    ".chart .name{fill:var(--ink);paint-order:stroke;stroke:var(--bg);stroke-width:4px;stroke-linejoin:round}"
    ".chart .background{fill:var(--bg)}"
    ".chart .grid{stroke:var(--grid);stroke-width:1}"
    ".chart .axis{stroke:var(--soft);stroke-width:1}"
    ".chart .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    ".chart .dashed{stroke-dasharray:6 5;stroke-width:1.5}"
    ".chart .dotted{stroke-dasharray:1.5 4.5}"
    ".chart .mix{stroke:var(--mix)}"
    ".chart .best{stroke:var(--best)}"
    ".chart .policy-stroke{stroke:var(--policy)}"
    ".chart .policy{fill:var(--policy);stroke:var(--bg);stroke-width:1.5}"
    ".chart .policy-fill{fill:var(--policy)}"
    ".chart .other{fill:var(--bg);stroke:var(--policy);stroke-width:2.5}"
    ".chart .track{fill:var(--panel);stroke:var(--grid);stroke-width:1}"
    ".chart .ring{fill:var(--bg);stroke-width:3}"
    ".chart .today{stroke:var(--ink)}"
    ".chart .known{stroke:var(--mix)}"
    ".chart .seed{fill:var(--policy);fill-opacity:.35}"
    ".chart .dot{stroke:var(--bg);stroke-width:1.5}"
    ".chart .policy-text{fill:var(--policy);font-weight:600}"
    ".chart .direct{font-weight:600}"
    ".chart .area{fill-opacity:.85;stroke:var(--bg);stroke-width:1}";

}  // namespace

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
  }
  return escaped;
}

std::string ChartStyle() {
  std::string style =
      fmt::format(":root{{color-scheme:light dark;{}}}@media(prefers-color-scheme:dark){{:root{{{}}}}}", kLight, kDark);
  style += kRules;
  for (size_t k = 0; k < kTierColors; ++k) {
    style += fmt::format(".chart .tier-stroke-{0}{{stroke:var(--tier{0})}}", k);
    style += fmt::format(".chart .tier-fill-{0}{{fill:var(--tier{0})}}", k);
  }
  return style;
}

std::string TierClass(std::string_view kind, size_t tier) {
  return fmt::format("tier-{}-{}", kind, tier % kTierColors);
}

double TextWidth(std::string_view text) {
  constexpr double kCharacter = 6.9;
  const auto characters = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return kCharacter * static_cast<double>(characters);
}

Svg::Svg(double width, double height, std::string_view title)
    : width_(width), height_(height), title_(EscapeXml(title)) {}

void Svg::Line(Point from, Point to, std::string_view classes) {
  body_ += fmt::format("<line x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}' class='{}'/>\n", from.x, from.y, to.x,
                       to.y, classes);
}

void Svg::Path(const std::vector<Point>& points, std::string_view classes) {
  body_ += fmt::format("<polyline points='{}' class='{}'/>\n", PointList(points), classes);
}

void Svg::Polygon(const std::vector<Point>& points, std::string_view classes) {
  body_ += fmt::format("<polygon points='{}' class='{}'/>\n", PointList(points), classes);
}

void Svg::Circle(Point center, double radius, std::string_view classes) {
  body_ +=
      fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='{:.1f}' class='{}'/>\n", center.x, center.y, radius, classes);
}

void Svg::Diamond(Point center, double radius, std::string_view classes) {
  const auto [x, y] = center;
  Polygon({{x, y - radius}, {x + radius, y}, {x, y + radius}, {x - radius, y}}, classes);
}

void Svg::Text(Point at, std::string_view text, std::string_view classes, Anchor anchor) {
  const char* const where = anchor == Anchor::kStart ? "start" : anchor == Anchor::kMiddle ? "middle" : "end";
  body_ += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}' class='{}'>{}</text>\n", at.x, at.y, where,
                       classes, EscapeXml(text));
}

void Svg::VerticalText(Point at, std::string_view text, std::string_view classes) {
  body_ +=
      fmt::format("<text transform='translate({:.1f} {:.1f}) rotate(-90)' text-anchor='middle' class='{}'>{}</text>\n",
                  at.x, at.y, classes, EscapeXml(text));
}

std::string Svg::Finish() const {
  return fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' class='chart' viewBox='0 0 {0:.0f} {1:.0f}' role='img' "
      "aria-label='{2}'>\n<title>{2}</title>\n<style>{3}</style>\n"
      "<rect class='background' width='{0:.0f}' height='{1:.0f}'/>\n{4}</svg>\n",
      width_, height_, title_, ChartStyle(), body_);
}

}  // namespace suffice
