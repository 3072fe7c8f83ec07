#include "app/report_flags.h"

#include "evaluation/figures.h"

namespace suffice {

void ReportFlags::AddTo(Flags& flags) {
  flags.Add("report", &json, {.value = "FILE", .help = "writes the report as JSON"});
  flags.Add("html", &html, {.value = "FILE", .help = "writes the report as one HTML page with pictures"});
}

int ReportFlags::HandOut(const ReplayReport& report, Io& io) const {
  PrintTable(report, io.out);
  if (!json.empty()) {
    if (const absl::Status status = WriteJson(report, json); !status.ok()) return Fail(io, status);
  }
  if (!html.empty()) {
    if (const absl::Status status = WriteHtml(report, html); !status.ok()) return Fail(io, status);
  }
  return kExitOk;
}

}  // namespace suffice
