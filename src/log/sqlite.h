// A thin wrapper over SQLite's C API: connections, statements and transactions that clean up after themselves, and
// errors as absl::Status. The only place that calls sqlite3_*.
//
// Errors: ALREADY_EXISTS for a broken constraint and INVALID_ARGUMENT for a value that no row can hold (both concern
// one row, see IsRowError); DATA_LOSS for a file that is damaged or no database; UNAVAILABLE for the disk, memory and
// locks.
// Thread contract: a Database and its Statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace suffice {

// One prepared statement, bound and run many times.
class Statement {
 public:
  Statement() = default;  // REQUIRES: assigned from Database::Prepare before any other call

  // Parameters count from 1. Bytes are not copied: they must live until the statement is reset. A failed Bind shows at
  // Step.
  void BindInt(int parameter, int64_t value);
  void BindDouble(int parameter, double value);  // NaN becomes NULL
  void BindText(int parameter, std::string_view value);
  void BindBlob(int parameter, std::string_view value);
  void BindNull(int parameter);
  void BindInt(int parameter, std::optional<int64_t> value);
  void BindDouble(int parameter, std::optional<double> value);

  // True: there is a row to read. False: done.
  absl::StatusOr<bool> Step();
  // Steps to the end and resets.
  absl::Status Run();
  void Reset();

  // Columns of the current row count from 0. Views live until the next Step or Reset.
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  double Double(int column) const;           // NULL: NaN
  std::string_view Bytes(int column) const;  // text or blob
  std::string String(int column) const { return std::string(Bytes(column)); }
  std::optional<int64_t> OptionalInt(int column) const;
  std::optional<double> OptionalDouble(int column) const;
  // Moves `last` on to the key of a row that was asked for in order. DATA_LOSS when it does not lie behind: the file is
  // damaged, and who reads on from the last key would read the same rows for ever.
  absl::Status MoveOn(int64_t key, int64_t& last) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void Note(int code);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;  // first since the last reset
};

// Resets a statement at the end of a scope, so that a read never stays open.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_.Reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  enum class Access { kReadOnly, kReadWriteCreate };

  static absl::StatusOr<Database> Open(const std::string& path, Access access);

  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // Any number of statements, results thrown away.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row; NOT_FOUND when there is none.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);
  absl::StatusOr<std::string> QueryText(std::string_view sql);

  int64_t LastInsertSeq() const;
  int64_t LastChanges() const;  // rows that the last INSERT, UPDATE or DELETE touched
  bool InTransaction() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

// Begins at construction (see status), rolls back unless committed.
class Transaction {
 public:
  // BEGIN IMMEDIATE for writing, or a read transaction: every statement within sees the same state.
  enum class Kind { kRead, kWrite };
  Transaction(Database& database, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  const absl::Status& status() const { return status_; }
  absl::Status Commit();

 private:
  Database& database_;
  absl::Status status_;
};

// Whether an error concerns one row alone, so that its neighbours may still be committed.
bool IsRowError(const absl::Status& status);

}  // namespace suffice
