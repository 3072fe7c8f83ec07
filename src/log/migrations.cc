#include "log/migrations.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/clock.h"
#include "base/hash.h"
#include "base/status_macros.h"
#include "embedded/migrations.h"

namespace suffice {
namespace {

// PRAGMA application_id of our files: "SUFF".
constexpr int64_t kApplicationId = 0x53554646;

constexpr char kCreateLedger[] =
    "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum_sha256 TEXT NOT NULL, "
    "applied_at INTEGER NOT NULL, app_version TEXT NOT NULL) STRICT";

// Version of the file's schema; 0 for a new file. Refuses what is not ours.
absl::StatusOr<int64_t> VersionOf(Database& database, const std::string& path) {
  const absl::StatusOr<int64_t> application = database.QueryInt("PRAGMA application_id");
  if (application.status().code() == absl::StatusCode::kDataLoss) {
    return absl::FailedPreconditionError(fmt::format("{} is not a SQLite database, or its first page is damaged", path));
  }
  SUFFICE_RETURN_IF_ERROR(application.status());
  SUFFICE_ASSIGN_OR_RETURN(const int64_t objects, database.QueryInt("SELECT count(*) FROM sqlite_schema"));
  if (objects == 0 && *application == 0) return 0;
  if (*application != kApplicationId) {
    return absl::FailedPreconditionError(
        fmt::format("{} is the database of another program (application_id {})", path, *application));
  }
  return database.QueryInt("PRAGMA user_version");
}

absl::Status CheckNotNewer(Database& database, const std::string& path, int64_t version, int64_t known) {
  if (version <= known) return absl::OkStatus();
  const std::string writer =
      database.QueryText("SELECT app_version FROM schema_migrations ORDER BY version DESC LIMIT 1").value_or("unknown");
  return absl::FailedPreconditionError(fmt::format(
      "{} has schema {}, written by version {}; this version {} knows schemas up to {}. Use the newer program, or a "
      "backup beside the file",
      path, version, writer, SUFFICE_VERSION, known));
}

absl::Status CheckApplied(Database& database, const std::string& path, int64_t version,
                          const std::vector<Migration>& migrations) {
  SUFFICE_ASSIGN_OR_RETURN(
      Statement applied,
      database.Prepare("SELECT version, name, checksum_sha256 FROM schema_migrations ORDER BY version"));
  int64_t expected = 0;
  while (true) {
    SUFFICE_ASSIGN_OR_RETURN(const bool row, applied.Step());
    if (!row) break;
    if (++expected > version || applied.Int(0) != expected) break;
    const Migration& migration = migrations[expected - 1];
    if (applied.Bytes(2) != Sha256Hex(migration.sql)) {
      return absl::FailedPreconditionError(
          fmt::format("{}: schema step {} ({}) differs from this program's {}; the file was made by another build",
                      path, expected, applied.Bytes(1), migration.name));
    }
  }
  if (expected == version) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{}: schema_migrations does not list the steps 1 to {} that user_version tells of", path, version));
}

absl::Status SyncToDisk(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  return synced ? absl::OkStatus() : absl::UnavailableError(fmt::format("cannot sync {}", path));
}

// Written under another name first: a backup is whole or not there. One of an earlier attempt is replaced, as the file
// has the same schema still.
absl::Status Backup(Database& database, const std::string& path, int64_t version) {
  const std::string backup = fmt::format("{}.backup-v{}", path, version);
  const std::string partial = backup + ".partial";
  std::error_code error;
  std::filesystem::remove(partial, error);
  SUFFICE_ASSIGN_OR_RETURN(Statement copy, database.Prepare("VACUUM INTO ?1"));
  copy.BindText(1, partial);
  SUFFICE_RETURN_IF_ERROR(copy.Run());
  SUFFICE_RETURN_IF_ERROR(SyncToDisk(partial));
  std::filesystem::rename(partial, backup, error);
  if (error) return absl::UnavailableError(fmt::format("cannot name the backup {}: {}", backup, error.message()));
  SUFFICE_RETURN_IF_ERROR(SyncToDisk(std::filesystem::absolute(backup).parent_path().string()));
  spdlog::info("backed up {} to {} before changing its schema", path, backup);
  return absl::OkStatus();
}

absl::Status Apply(Database& database, const Migration& migration) {
  Transaction transaction(database, Transaction::Kind::kWrite);
  SUFFICE_RETURN_IF_ERROR(transaction.status());
  if (migration.version == 1) {
    SUFFICE_RETURN_IF_ERROR(database.Execute(fmt::format("PRAGMA application_id = {}", kApplicationId)));
    SUFFICE_RETURN_IF_ERROR(database.Execute(kCreateLedger));
  }
  SUFFICE_RETURN_IF_ERROR(database.Execute(migration.sql));
  SUFFICE_ASSIGN_OR_RETURN(Statement insert,
                           database.Prepare("INSERT INTO schema_migrations VALUES (?1, ?2, ?3, ?4, ?5)"));
  const std::string checksum = Sha256Hex(migration.sql);
  insert.BindInt(1, migration.version);
  insert.BindText(2, migration.name);
  insert.BindText(3, checksum);
  insert.BindInt(4, Clock::System()->NowMicros());
  insert.BindText(5, SUFFICE_VERSION);
  SUFFICE_RETURN_IF_ERROR(insert.Run());
  SUFFICE_RETURN_IF_ERROR(database.Execute(fmt::format("PRAGMA user_version = {}", migration.version)));
  return transaction.Commit();
}

}  // namespace

std::vector<Migration> EmbeddedMigrations() {
  std::vector<Migration> migrations;
  for (const embedded::File& file : embedded::k_migrations) {
    Migration migration{.name = std::string(file.name), .sql = std::string(file.text)};
    std::from_chars(file.name.data(), file.name.data() + file.name.size(), migration.version);
    migrations.push_back(std::move(migration));
  }
  std::sort(migrations.begin(), migrations.end(),
            [](const Migration& a, const Migration& b) { return a.version < b.version; });
  return migrations;
}

absl::Status CheckOurs(Database& database, const std::string& path, const std::vector<Migration>& migrations) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t version, VersionOf(database, path));
  SUFFICE_RETURN_IF_ERROR(CheckNotNewer(database, path, version, static_cast<int64_t>(migrations.size())));
  return version > 0 ? CheckApplied(database, path, version, migrations) : absl::OkStatus();
}

absl::Status CheckCurrent(Database& database, const std::string& path) {
  const std::vector<Migration> migrations = EmbeddedMigrations();
  SUFFICE_RETURN_IF_ERROR(CheckOurs(database, path, migrations));
  SUFFICE_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt("PRAGMA user_version"));
  if (version >= static_cast<int64_t>(migrations.size())) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} has schema {}, this program reads {}. Open it once with `suffice serve` or `suffice rebuild "
                  "--write`, which bring it up to date after a backup",
                  path, version, migrations.size()));
}

absl::Status Migrate(Database& database, const std::string& path, const std::vector<Migration>& migrations) {
  const int64_t known = static_cast<int64_t>(migrations.size());
  SUFFICE_ASSIGN_OR_RETURN(const int64_t version, database.QueryInt("PRAGMA user_version"));
  if (version > 0 && version < known) SUFFICE_RETURN_IF_ERROR(Backup(database, path, version));
  for (int64_t next = version; next < known; ++next) SUFFICE_RETURN_IF_ERROR(Apply(database, migrations[next]));
  return absl::OkStatus();
}

}  // namespace suffice
