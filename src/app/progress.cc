#include "app/progress.h"

#include <algorithm>

#include <fmt/format.h>

namespace suffice {
namespace {
constexpr int kWidth = 30;  // characters of the bar
}

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
  const int full = kWidth * percent / 100;
  io_.err << fmt::format("\r\x1b[K{} [{}{}] {:3d}% {}", label_, std::string(full, '#'), std::string(kWidth - full, '.'), percent, note)
          << std::flush;
}

}  // namespace suffice
