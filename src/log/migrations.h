// Brings a log's file to this program's schema: forward only, one transaction a step, after a backup.
// Thread contract: uses the connection given; the caller holds the file's lock.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "log/sqlite.h"

namespace suffice {

// One file of migrations/sqlite, "0001_event_log.sql": its number, name and text.
struct Migration {
  int64_t version = 0;  // from 1, without gaps
  std::string name;
  std::string sql;
};

// Those built into this program, in order.
std::vector<Migration> EmbeddedMigrations();

// Refuses a file that this program must not touch, changing nothing. FAILED_PRECONDITION: it is no SQLite database or
// another program's; its schema is newer; a step that was applied to it reads differently here.
absl::Status CheckOurs(Database& database, const std::string& path, const std::vector<Migration>& migrations);

// CheckOurs, and FAILED_PRECONDITION when the schema is older than this program's: for whoever must not migrate.
absl::Status CheckCurrent(Database& database, const std::string& path);

// Applies what is missing of `migrations`. An older file is first copied to `<path>.backup-v<its version>`.
// REQUIRES: CheckOurs.
absl::Status Migrate(Database& database, const std::string& path, const std::vector<Migration>& migrations);

}  // namespace suffice
