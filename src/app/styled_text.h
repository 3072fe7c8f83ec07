// Lines for a terminal: text with styles, tables with aligned columns, and lines cut where the terminal ends.
// Thread contract: plain data and pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace suffice {

enum class Style { kPlain, kTitle, kGood, kDoubtful, kBad, kFaint };

struct Span {
  std::string text;
  Style style = Style::kPlain;
};
using Line = std::vector<Span>;

// Characters, not bytes, of UTF-8.
int WidthOf(std::string_view text);

// Lines whose cells stand under each other, two spaces apart. `alignments`: 'l' or 'r' for each column; columns beyond
// are to the left. The last cell of a line is not padded on its right.
std::vector<Line> AlignColumns(const std::vector<Line>& rows, std::string_view alignments);

// The lines as text, each ended by `end`. `columns`: longer lines are cut; 0: none is. Without `colour` styles are not
// told. Control characters become question marks.
std::string ToText(const std::vector<Line>& lines, int columns, bool colour, std::string_view end = "\n");

}  // namespace suffice
