#include "log/log_export.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "base/status_macros.h"
#include "log/migrations.h"
#include "log/row_lines.h"
#include "log/sqlite.h"

namespace suffice {
namespace {

constexpr int64_t kRowsBetweenProgress = 256;

absl::StatusOr<Database> OpenForExport(const std::string& db) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(db, error)) return absl::NotFoundError(fmt::format("{}: no such file", db));
  SUFFICE_ASSIGN_OR_RETURN(Database database, Database::Open(db, Database::Access::kReadOnly));
  SUFFICE_RETURN_IF_ERROR(database.Execute("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000"));
  SUFFICE_RETURN_IF_ERROR(CheckCurrent(database, db));
  return database;
}

absl::StatusOr<int64_t> CountRows(Database& database, const std::vector<RowTable>& tables) {
  int64_t rows = 0;
  for (const RowTable& table : tables) {
    SUFFICE_ASSIGN_OR_RETURN(const int64_t count,
                             database.QueryInt(fmt::format("SELECT count(*) FROM {}", table.name)));
    rows += count;
  }
  return rows;
}

}  // namespace

absl::StatusOr<int64_t> ExportLog(const std::string& db, std::ostream& out,
                                  const std::function<void(double)>& progress) {
  SUFFICE_ASSIGN_OR_RETURN(Database database, OpenForExport(db));
  Transaction moment(database, Transaction::Kind::kRead);
  SUFFICE_RETURN_IF_ERROR(moment.status());
  SUFFICE_ASSIGN_OR_RETURN(const int64_t schema, database.QueryInt("PRAGMA user_version"));
  SUFFICE_ASSIGN_OR_RETURN(const std::vector<RowTable> tables, RowTables(database));
  SUFFICE_ASSIGN_OR_RETURN(const int64_t total, CountRows(database, tables));
  out << fmt::format("{{\"kind\":\"log\",\"format\":{},\"schema\":{}}}\n", kLogLinesFormat, schema);
  int64_t rows = 0;
  std::string line;
  for (const RowTable& table : tables) {
    SUFFICE_ASSIGN_OR_RETURN(Statement select, database.Prepare(table.Select()));
    while (out) {
      SUFFICE_ASSIGN_OR_RETURN(const bool row, select.Step());
      if (!row) break;
      line.clear();
      SUFFICE_RETURN_IF_ERROR(AppendRowLine(table, select, line));
      line += '\n';
      out << line;
      if (++rows % kRowsBetweenProgress == 0 && progress) {
        progress(static_cast<double>(rows) / static_cast<double>(total));
      }
    }
  }
  out << fmt::format("{{\"kind\":\"end\",\"rows\":{}}}\n", rows);
  return rows;
}

}  // namespace suffice
