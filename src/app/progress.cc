#include "app/progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace suffice {
namespace {

constexpr int kWidth = 30;        // characters of the bar
constexpr int kNarrowWidth = 10;  // where the note needs the room

// The first `columns` characters, so that the line does not wrap: a wrapped one cannot be drawn anew.
std::string Shorten(const std::string& line, int columns) {
  int characters = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool begins_character = (line[i] & 0xC0) != 0x80;
    if (begins_character && characters++ == columns) return line.substr(0, i);
  }
  return line;
}

}  // namespace

ProgressBar::ProgressBar(Io& io, std::string label) : io_(io), label_(std::move(label)) {}

ProgressBar::~ProgressBar() {
  if (last_percent_ >= 0) io_.err << "\r\x1b[K" << std::flush;
}

void ProgressBar::Show(double fraction, const std::string& note) {
  if (!io_.err_is_terminal) return;
  const int percent = static_cast<int>(100 * std::clamp(fraction, 0.0, 1.0));
  if (percent == last_percent_ && note == last_note_) return;
  last_percent_ = percent;
  last_note_ = note;
  const int width = io_.err_columns > 120 ? kWidth : kNarrowWidth;
  const int full = width * percent / 100;
  const std::string line =
      fmt::format("{} [{}{}] {:3d}% {}", label_, std::string(full, '#'), std::string(width - full, '.'), percent, note);
  io_.err << "\r\x1b[K" << Shorten(line, io_.err_columns - 1) << std::flush;
}

}  // namespace suffice
