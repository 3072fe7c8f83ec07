#include <fmt/format.h>

#include <ostream>

#include "app/commands.h"
#include "app/flags.h"
#include "app/progress.h"
#include "base/status_macros.h"
#include "evaluation/write_file.h"
#include "log/log_export.h"
#include "log/sqlite_log_for_reading.h"
#include "off_policy/dsjson.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "writes a log as JSON Lines: whole, or its decisions for Vowpal Wabbit";
constexpr char kExample[] =
    "suffice export --db suffice.db --out log.jsonl\n"
    "suffice export --db suffice.db --out log.dsjson --format dsjson && vw --dsjson log.dsjson --cb_explore_adf";

struct ExportFlags {
  std::string db, out, format = "jsonl";

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("export",
                "Writes a log, also while a server writes it. jsonl: every row of every table, an object a line with "
                "a \"kind\", from which `suffice import` makes the same log again. dsjson: decisions with "
                "propensities and rewards as Vowpal Wabbit's decision-service JSON. Both have what the log has: with "
                "log.prompts=full that is the prompts, too.",
                kExample);
    flags.Add("db", &db, {.value = "FILE", .help = "the log; it is only read", .required = true})
        .Add("out", &out, {.value = "FILE", .help = "the file to write", .required = true})
        .Add("format", &format, {.value = "FORMAT", .help = "what to write", .choices = {"jsonl", "dsjson"}});
    return flags.Parse(args, io);
  }
};

// Writes the file; returns what to tell.
absl::StatusOr<std::string> Export(const ExportFlags& flags, const std::function<void(double)>& progress) {
  std::string told;
  SUFFICE_RETURN_IF_ERROR(WriteFileThrough(flags.out, [&](std::ostream& out) {
    SUFFICE_ASSIGN_OR_RETURN(const int64_t rows, ExportLog(flags.db, out, progress));
    told = fmt::format("{}: {} rows\n", flags.out, rows);
    return absl::OkStatus();
  }));
  return told;
}

absl::StatusOr<std::string> ExportDsjson(const ExportFlags& flags, const std::function<void(double)>& progress) {
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenSqliteLogForReading(flags.db));
  std::string told;
  SUFFICE_RETURN_IF_ERROR(WriteFileThrough(flags.out, [&](std::ostream& out) {
    SUFFICE_ASSIGN_OR_RETURN(const DsjsonCounts counts, WriteDsjson(*log, out, progress));
    told = fmt::format("{}: {} decisions, {} with a reward; {} without propensities left out\n", flags.out,
                       counts.lines, counts.rewarded, counts.left_out);
    return absl::OkStatus();
  }));
  return told;
}

int Run(const std::vector<std::string>& args, Io& io) {
  ExportFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  absl::StatusOr<std::string> told;
  {
    ProgressBar bar(io, "export");
    const auto progress = [&bar](double fraction) { bar.Show(fraction); };
    told = flags.format == "dsjson" ? ExportDsjson(flags, progress) : Export(flags, progress);
  }
  if (!told.ok()) return Fail(io, told.status());
  io.out << *told;
  return kExitOk;
}

}  // namespace

Command ExportCommand() { return {"export", kSummary, Run}; }

}  // namespace suffice
