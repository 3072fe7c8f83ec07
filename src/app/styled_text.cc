#include "app/styled_text.h"

#include <algorithm>

namespace suffice {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view CodeOf(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kTitle:
      return "\x1b[1m";
    case Style::kGood:
      return "\x1b[32m";
    case Style::kDoubtful:
      return "\x1b[33m";
    case Style::kBad:
      return "\x1b[1;31m";
    case Style::kFaint:
      return "\x1b[2m";
  }
  return "";
}

// Names come from callers: what could steer the terminal becomes a question mark.
std::string WithoutControls(std::string_view text) {
  std::string clean;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    clean += c1 || byte < 0x20 || byte == 0x7F ? '?' : text[i];
    if (c1) ++i;
  }
  return clean;
}

bool BeginsCharacter(char c) { return (c & 0xC0) != 0x80; }

// The first `characters` of the text.
std::string_view Cut(std::string_view text, int characters) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (BeginsCharacter(text[i]) && characters-- == 0) return text.substr(0, i);
  }
  return text;
}

std::string Pad(const std::string& text, int width, bool right) {
  const std::string space(std::max(0, width - WidthOf(text)), ' ');
  return right ? space + text : text + space;
}

}  // namespace

int WidthOf(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), BeginsCharacter));
}

std::vector<Line> AlignColumns(const std::vector<Line>& rows, std::string_view alignments) {
  std::vector<int> widths;
  for (const Line& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i].text));
  }
  std::vector<Line> lines;
  for (const Line& row : rows) {
    Line& line = lines.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      const bool right = i < alignments.size() && alignments[i] == 'r';
      const bool last = i + 1 == row.size();
      line.push_back({last && !right ? row[i].text : Pad(row[i].text, widths[i], right), row[i].style});
      if (!last) line.push_back({"  "});
    }
  }
  return lines;
}

std::string ToText(const std::vector<Line>& lines, int columns, bool colour, std::string_view end) {
  std::string text;
  for (const Line& line : lines) {
    int room = columns;
    for (const Span& span : line) {
      const std::string clean = WithoutControls(span.text);
      const std::string_view shown = columns == 0 ? std::string_view(clean) : Cut(clean, room);
      room -= WidthOf(shown);
      const std::string_view code = colour ? CodeOf(span.style) : "";
      text.append(code).append(shown);
      if (!code.empty()) text.append(kReset);
    }
    text.append(end);
  }
  return text;
}

}  // namespace suffice
