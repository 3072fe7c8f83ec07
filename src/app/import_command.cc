#include <fmt/format.h>

#include "app/commands.h"
#include "app/flags.h"
#include "app/progress.h"
#include "log/log_import.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "makes a log from the JSON Lines of `suffice export`";
constexpr char kExample[] = "suffice import --in log.jsonl --db new.db";

int Run(const std::vector<std::string>& args, Io& io) {
  std::string in, db;
  Flags flags("import",
              "Makes the log that was exported, in this program's schema: ids, places and statistics are the same. The "
              "new file is there whole at the end or not at all.",
              kExample);
  flags.Add("in", &in, {.value = "FILE", .help = "an export in the format jsonl", .required = true})
      .Add("db", &db, {.value = "FILE", .help = "the log to make; it must not be there yet", .required = true});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  absl::StatusOr<int64_t> rows;
  {
    ProgressBar progress(io, "import");
    rows = ImportLog(in, db, [&progress](double fraction) { progress.Show(fraction); });
  }
  if (!rows.ok()) return Fail(io, rows.status());
  io.out << fmt::format("{}: {} rows\n", db, *rows);
  return kExitOk;
}

}  // namespace

Command ImportCommand() { return {"import", kSummary, Run}; }

}  // namespace suffice
