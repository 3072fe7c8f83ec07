// A progress bar on a terminal; nothing in a pipe.
// Thread contract: calls may come from any thread, one at a time.
#pragma once

#include <string>

#include "app/command.h"

namespace suffice {

class ProgressBar {
 public:
  // Draws on io.err when that is a terminal. `io` outlives the bar.
  ProgressBar(Io& io, std::string label);
  // Clears its line.
  ~ProgressBar();
  // `fraction` in [0, 1]; `note` stands behind the bar.
  void Show(double fraction, const std::string& note = "");

 private:
  Io& io_;
  const std::string label_;
  int last_percent_ = -1;
  std::string last_note_;
};

}  // namespace suffice
