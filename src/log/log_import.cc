#include "log/log_import.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "log/event_log.h"
#include "log/json_line.h"
#include "log/log_export.h"
#include "log/new_file.h"
#include "log/row_lines.h"
#include "log/sqlite.h"
#include "suffice/status.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxLineBytes = size_t{1} << 28;  // kept states and projections are the longest
constexpr int64_t kRowsBetweenCommits = 4096;

// An empty log of this program's schema. Its bytes need not be on disk before the file gets its name.
absl::StatusOr<Database> MakeEmptyLog(const std::string& path) {
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenSqliteLog({.path = path}));
  SUFFICE_RETURN_IF_ERROR(log->Close());
  SUFFICE_ASSIGN_OR_RETURN(Database database, Database::Open(path, Database::Access::kReadWriteCreate));
  SUFFICE_RETURN_IF_ERROR(database.Execute(
      "PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; "
      "DELETE FROM meta"));
  return database;
}

absl::StatusOr<int64_t> WholeNumber(const Json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end()) return InvalidField(key, "missing");
  if (!found->is_number_integer() || *found < 0) {
    return InvalidField(key, fmt::format("expected a whole number, got {}", ShortJson(*found)));
  }
  return found->get<int64_t>();
}

// Takes the lines one by one.
class LineImporter {
 public:
  static absl::StatusOr<LineImporter> Into(Database& database) {
    LineImporter importer(database);
    SUFFICE_ASSIGN_OR_RETURN(importer.schema_, database.QueryInt("PRAGMA user_version"));
    SUFFICE_ASSIGN_OR_RETURN(std::vector<RowTable> tables, RowTables(database));
    for (RowTable& table : tables) {
      const std::string kind = table.kind;
      importer.kinds_.push_back(kind);
      SUFFICE_ASSIGN_OR_RETURN(RowInserter inserter, RowInserter::Prepare(database, std::move(table)));
      importer.inserters_.emplace(kind, std::move(inserter));
    }
    return importer;
  }

  absl::Status Take(const std::string& text) {
    if (ended_) return absl::InvalidArgumentError("expected nothing after the line of kind \"end\"");
    SUFFICE_ASSIGN_OR_RETURN(const Json line, ParseJsonLine(text));
    const bool has_kind = line.is_object() && line.contains("kind") && line["kind"].is_string();
    if (!has_kind) return InvalidField("kind", "expected an object with a text of this name");
    const auto& kind = line["kind"].get_ref<const std::string&>();
    if (!begun_) return Begin(kind, line);
    if (kind == "end") return End(line);
    const auto inserter = inserters_.find(kind);
    if (inserter == inserters_.end()) {
      return InvalidField(
          "kind", fmt::format("expected one of {}, got {}", absl::StrJoin(kinds_, ", "), ShortJson(line["kind"])));
    }
    SUFFICE_RETURN_IF_ERROR(MakeTransaction());
    SUFFICE_RETURN_IF_ERROR(inserter->second.Insert(line, older_));
    ++rows_;
    return absl::OkStatus();
  }

  // After the last line.
  absl::StatusOr<int64_t> Finish() {
    if (!ended_) return absl::DataLossError("cut short: its last line is not that of kind \"end\"");
    const auto salt = database_->QueryText("SELECT value FROM meta WHERE key = 'salt'");
    if (!salt.ok()) return absl::InvalidArgumentError("expected a line of kind \"meta\" with the key \"salt\"");
    return rows_;
  }

 private:
  explicit LineImporter(Database& database) : database_(&database) {}

  absl::Status Begin(const std::string& kind, const Json& line) {
    if (kind != "log") {
      return InvalidField("kind", fmt::format("expected \"log\" in the first line, got {}", ShortJson(line["kind"])));
    }
    SUFFICE_ASSIGN_OR_RETURN(const int64_t format, WholeNumber(line, "format"));
    SUFFICE_ASSIGN_OR_RETURN(const int64_t schema, WholeNumber(line, "schema"));
    if (format != kLogLinesFormat || schema > schema_) {
      return absl::FailedPreconditionError(
          fmt::format("written by a newer program: format {} with schema {}, this one reads format {} up to schema {}",
                      format, schema, kLogLinesFormat, schema_));
    }
    begun_ = true;
    older_ = schema < schema_;
    return absl::OkStatus();
  }

  absl::Status End(const Json& line) {
    SUFFICE_ASSIGN_OR_RETURN(const int64_t rows, WholeNumber(line, "rows"));
    if (rows != rows_) {
      return absl::DataLossError(fmt::format("rows: the file once had {} rows, and has {}", rows, rows_));
    }
    ended_ = true;
    return database_->InTransaction() ? database_->Execute("COMMIT") : absl::OkStatus();
  }

  // Rows are committed in groups: until the file has its name nobody sees it.
  absl::Status MakeTransaction() {
    if (database_->InTransaction()) {
      if (rows_ % kRowsBetweenCommits != 0) return absl::OkStatus();
      SUFFICE_RETURN_IF_ERROR(database_->Execute("COMMIT"));
    }
    return database_->Execute("BEGIN");
  }

  Database* database_;
  int64_t schema_ = 0;
  std::vector<std::string> kinds_;
  std::map<std::string, RowInserter, std::less<>> inserters_;
  int64_t rows_ = 0;
  bool begun_ = false, ended_ = false;
  bool older_ = false;  // lines of an older schema
};

absl::StatusOr<int64_t> ReadLines(const std::string& path, LineImporter& importer,
                                  const std::function<void(double)>& progress) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("{}: cannot be opened", path));
  std::error_code error;
  const auto size = static_cast<double>(std::filesystem::file_size(path, error));
  const auto locate = [&](const absl::Status& status, int64_t number) {
    return absl::Status(status.code(), fmt::format("{}:{}: {}", path, number, std::string(status.message())));
  };
  std::string line;
  double bytes = 0;
  for (int64_t number = 1;; ++number) {
    const LineRead read = ReadBoundedLine(in, kMaxLineBytes, line);
    if (read == LineRead::kEnd) break;
    if (read == LineRead::kTooLong) {
      return locate(absl::InvalidArgumentError(fmt::format("expected at most {} bytes", kMaxLineBytes)), number);
    }
    if (const absl::Status taken = importer.Take(line); !taken.ok()) return locate(taken, number);
    bytes += static_cast<double>(line.size()) + 1;
    if (progress && number % 256 == 0) progress(bytes / size);
  }
  auto rows = importer.Finish();
  if (rows.ok()) return rows;
  return absl::Status(rows.status().code(), fmt::format("{}: {}", path, std::string(rows.status().message())));
}

}  // namespace

absl::StatusOr<int64_t> ImportLog(const std::string& in, const std::string& db,
                                  const std::function<void(double)>& progress) {
  std::error_code error;
  if (!std::filesystem::exists(in, error)) return absl::NotFoundError(fmt::format("{}: no such file", in));
  SUFFICE_ASSIGN_OR_RETURN(NewFile place, NewFile::At(db));
  int64_t rows = 0;
  {
    SUFFICE_ASSIGN_OR_RETURN(Database database, MakeEmptyLog(place.partial()));
    SUFFICE_ASSIGN_OR_RETURN(LineImporter importer, LineImporter::Into(database));
    SUFFICE_ASSIGN_OR_RETURN(rows, ReadLines(in, importer, progress));
  }  // closed: its write-ahead log is folded into the file
  SUFFICE_RETURN_IF_ERROR(place.Commit());
  return rows;
}

}  // namespace suffice
