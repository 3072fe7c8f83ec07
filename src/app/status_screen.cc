#include "app/status_screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/status_view.h"

namespace suffice {
namespace {

std::optional<TerminalSize> Terminal(const Io& io) { return io.out_terminal ? io.out_terminal() : std::nullopt; }

// See no-color.org: set and not empty.
bool WantsColour(const Io& io) { return Terminal(io).has_value() && io.env("NO_COLOR").value_or("").empty(); }

// A view that does not fit cannot be drawn in place: the rest is counted.
void CutToRows(std::vector<Line>& lines, int rows) {
  const size_t room = std::max(1, rows - 1);
  if (lines.size() <= room) return;
  const size_t hidden = lines.size() - room + 1;
  lines.resize(room - 1);
  lines.push_back({{fmt::format("({} more lines)", hidden), Style::kFaint}});
}

}  // namespace

StatusScreen::StatusScreen(Io& io) : io_(io), colour_(WantsColour(io)) {}

void StatusScreen::Print(const v1::AdminServiceGetStatusResponse& status) {
  const int columns = Terminal(io_).value_or(TerminalSize{.columns = 0}).columns;
  io_.out << ToText(StatusLines(status, columns), columns, colour_) << std::flush;
}

void StatusScreen::Redraw(const absl::StatusOr<v1::AdminServiceGetStatusResponse>& status) {
  const std::optional<TerminalSize> size = Terminal(io_);
  if (!size) return PrintNext(status);
  if (status.ok()) last_ = *status;
  DrawInPlace(status.status(), *size);
}

void StatusScreen::DrawInPlace(const absl::Status& error, TerminalSize size) {
  std::vector<Line> lines;
  if (!error.ok()) {
    lines.push_back({{"NO ANSWER", Style::kBad},
                     {last_ ? ", trying again; below is the last one: " : ", trying again: "},
                     {std::string(error.message())}});
  }
  if (last_) {
    const std::vector<Line> view = StatusLines(*last_, size.columns);
    lines.insert(lines.end(), view.begin(), view.end());
  }
  CutToRows(lines, size.rows);
  if (drawn_lines_ > 0) io_.out << fmt::format("\r\x1b[{}A", drawn_lines_);
  io_.out << ToText(lines, size.columns, colour_, "\x1b[K\n") << "\x1b[J" << std::flush;
  drawn_lines_ = static_cast<int>(lines.size());
}

void StatusScreen::PrintNext(const absl::StatusOr<v1::AdminServiceGetStatusResponse>& status) {
  if (!status.ok()) {
    if (!is_lost_) io_.err << "suffice status: " << status.status().message() << "; trying again" << std::endl;
    is_lost_ = true;
    return;
  }
  if (is_lost_) io_.err << "suffice status: answered again" << std::endl;
  is_lost_ = false;
  if (last_) io_.out << '\n';
  last_ = *status;
  Print(*status);
}

}  // namespace suffice
