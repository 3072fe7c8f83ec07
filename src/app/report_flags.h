// The flags with which a command hands out a report: as a table always, as JSON and as a page on demand.
// Thread contract: not thread-safe; lives in one command's run.
#pragma once

#include <string>

#include "app/flags.h"
#include "evaluation/report.h"

namespace suffice {

struct ReportFlags {
  std::string json, html;

  // --report and --html.
  void AddTo(Flags& flags);
  // Prints the table to io.out and writes the files asked for. Returns an ExitCode.
  int HandOut(const ReplayReport& report, Io& io) const;
};

}  // namespace suffice
