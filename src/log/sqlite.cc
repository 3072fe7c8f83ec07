#include "log/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "base/status_macros.h"

namespace suffice {
namespace {

absl::StatusCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kAlreadyExists;
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

// The operating system's own word for an error; 0: it has none. SQLite keeps none of a full disk or a failed commit, and
// an old one for errors that are not the system's; so errno goes first, which whoever calls SQLite has set to 0.
int SystemErrorOf(sqlite3* database, int code) {
  const int last = errno;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ENOSPC;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return last != 0 || database == nullptr ? last : sqlite3_system_errno(database);
    default:
      return 0;
  }
}

constexpr char kDamaged[] =
    "; the file is damaged: keep a copy of it and of its -wal, then go back to a backup "
    "(README, \"When the disk fails\")";

absl::Status ErrorAt(const std::string& path, sqlite3* database, int code) {
  const int system = SystemErrorOf(database, code);
  std::string message = path.empty() ? "" : path + ": ";
  message += fmt::format("SQLite: {}", database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code));
  if (system != 0) message += fmt::format(" ({})", std::strerror(system));
  if ((code & 0xff) == SQLITE_CORRUPT) message += kDamaged;
  return absl::Status(CodeOf(code), message);
}

std::string PathOf(sqlite3* database) {
  const char* const path = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
  return path != nullptr ? path : "";
}

absl::Status ErrorOf(sqlite3* database, int code) { return ErrorAt(PathOf(database), database, code); }

// SQLite opens for reading what it may not write, without a word.
absl::Status CheckWritable(const std::string& path, sqlite3* database) {
  if (sqlite3_db_readonly(database, "main") != 1) return absl::OkStatus();
  errno = 0;
  const bool denied = ::access(path.c_str(), W_OK) != 0;
  return absl::UnavailableError(fmt::format("{}: cannot be written{}", path,
                                            denied ? fmt::format(" ({})", std::strerror(errno)) : ""));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::Note(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
}

void Statement::BindInt(int parameter, int64_t value) { Note(sqlite3_bind_int64(statement_.get(), parameter, value)); }

void Statement::BindDouble(int parameter, double value) {
  Note(sqlite3_bind_double(statement_.get(), parameter, value));
}

// A null pointer would bind NULL; an empty view may have one.
void Statement::BindText(int parameter, std::string_view value) {
  Note(sqlite3_bind_text64(statement_.get(), parameter, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC,
                           SQLITE_UTF8));
}

void Statement::BindBlob(int parameter, std::string_view value) {
  Note(
      sqlite3_bind_blob64(statement_.get(), parameter, value.empty() ? "" : value.data(), value.size(), SQLITE_STATIC));
}

void Statement::BindNull(int parameter) { Note(sqlite3_bind_null(statement_.get(), parameter)); }

void Statement::BindInt(int parameter, std::optional<int64_t> value) {
  value ? BindInt(parameter, *value) : BindNull(parameter);
}

void Statement::BindDouble(int parameter, std::optional<double> value) {
  value ? BindDouble(parameter, *value) : BindNull(parameter);
}

absl::StatusOr<bool> Statement::Step() {
  sqlite3* const database = sqlite3_db_handle(statement_.get());
  if (bind_error_ != SQLITE_OK) return ErrorOf(database, bind_error_);
  errno = 0;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return ErrorOf(database, code);
}

absl::Status Statement::Run() {
  const ResetAtEnd reset(*this);
  while (true) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());  // repeats the error of the last step, which was reported there
  bind_error_ = SQLITE_OK;
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::Double(int column) const {
  return IsNull(column) ? std::numeric_limits<double>::quiet_NaN() : sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::Bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

std::optional<int64_t> Statement::OptionalInt(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Int(column));
}

std::optional<double> Statement::OptionalDouble(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Double(column));
}

absl::Status Statement::MoveOn(int64_t key, int64_t& last) const {
  if (key <= last) return ErrorAt(PathOf(sqlite3_db_handle(statement_.get())), nullptr, SQLITE_CORRUPT);
  last = key;
  return absl::OkStatus();
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

absl::StatusOr<Database> Database::Open(const std::string& path, Access access) {
  // One thread at a time uses a connection, so SQLite's own mutexes are left out.
  const int flags = SQLITE_OPEN_NOMUTEX |
                    (access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* handle = nullptr;
  errno = 0;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  Database database;
  database.database_.reset(handle);
  if (code != SQLITE_OK) return ErrorAt(path, handle, code);
  if (access == Access::kReadWriteCreate) SUFFICE_RETURN_IF_ERROR(CheckWritable(path, handle));
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  errno = 0;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) return ErrorOf(database_.get(), code);
  Statement statement;
  statement.statement_.reset(handle);
  return statement;
}

absl::Status Database::Execute(const std::string& sql) {
  errno = 0;
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(database_.get(), code);
}

absl::StatusOr<int64_t> Database::QueryInt(std::string_view sql) {
  SUFFICE_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  SUFFICE_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return absl::NotFoundError("no row");
  return statement.Int(0);
}

absl::StatusOr<std::string> Database::QueryText(std::string_view sql) {
  SUFFICE_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  SUFFICE_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return absl::NotFoundError("no row");
  return statement.String(0);
}

int64_t Database::LastInsertSeq() const { return sqlite3_last_insert_rowid(database_.get()); }
int64_t Database::LastChanges() const { return sqlite3_changes64(database_.get()); }
bool Database::InTransaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

Transaction::Transaction(Database& database, Kind kind)
    : database_(database), status_(database.Execute(kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN")) {}

Transaction::~Transaction() {
  // SQLite rolls some failures back by itself. A ROLLBACK that fails leaves the connection to the next BEGIN's error.
  if (status_.ok() && database_.InTransaction()) (void)database_.Execute("ROLLBACK");
}

absl::Status Transaction::Commit() { return database_.Execute("COMMIT"); }

bool IsRowError(const absl::Status& status) {
  return status.code() == absl::StatusCode::kAlreadyExists || status.code() == absl::StatusCode::kInvalidArgument;
}

}  // namespace suffice
