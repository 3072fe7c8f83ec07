// Another program that writes to a server's database. Thread contract: one thread.
#pragma once

#include <sqlite3.h>

#include <string>

#include "catch.h"

namespace suffice {

// No writer gets on while this lives.
class DatabaseLock {
 public:
  explicit DatabaseLock(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &db_) == SQLITE_OK);
    sqlite3_busy_timeout(db_, 10'000);
    REQUIRE(sqlite3_exec(db_, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  ~DatabaseLock() {
    sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(db_);
  }
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace suffice
