// Upgrading a log's file, and refusing files that are not this program's to touch.
#include <filesystem>
#include <fstream>

#include "catch.h"
#include "log/log_testing.h"
#include "log/sqlite_log.h"

namespace suffice {
namespace {

std::vector<Migration> WithNextStep(const std::string& sql) {
  std::vector<Migration> migrations = EmbeddedMigrations();
  migrations.push_back({.version = static_cast<int64_t>(migrations.size()) + 1, .name = "next.sql", .sql = sql});
  return migrations;
}

int64_t Query(const std::string& path, const std::string& sql) {
  auto database = Database::Open(path, Database::Access::kReadOnly);
  REQUIRE(database.ok());
  const auto value = database->QueryInt(sql);
  INFO(value.status());
  REQUIRE(value.ok());
  return *value;
}

// Refused, saying `words`, and the file as it was.
void CheckRefused(const std::string& path, const std::vector<Migration>& migrations, const std::string& words) {
  const auto contents = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = contents();
  const absl::Status status = OpenSqliteLogWith({.path = path}, migrations).status();
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  INFO(status);
  CHECK(std::string(status.message()).find(words) != std::string::npos);
  CHECK(contents() == before);
}

void MakeLog(const std::string& path) {
  const auto log = OpenForTest({.path = path});
  Append(*log, TestDecision(1));
}

}  // namespace

TEST_CASE("migrations are numbered from 1 without gaps", "[log]") {
  const auto migrations = EmbeddedMigrations();
  REQUIRE_FALSE(migrations.empty());
  for (size_t i = 0; i < migrations.size(); ++i) CHECK(migrations[i].version == static_cast<int64_t>(i) + 1);
}

TEST_CASE("a new file gets the newest schema and tells how", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  MakeLog(path);
  const int64_t newest = static_cast<int64_t>(EmbeddedMigrations().size());
  CHECK(Query(path, "PRAGMA user_version") == newest);
  CHECK(Query(path, "PRAGMA application_id") == 0x53554646);
  CHECK(Query(path,
              "SELECT count(*) FROM schema_migrations WHERE length(checksum_sha256) = 64 AND app_version <> '' "
              "AND applied_at > 0") == newest);
  CHECK_FALSE(std::filesystem::exists(path + ".backup-v0"));
}

TEST_CASE("an older file is backed up and brought forward", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  MakeLog(path);
  const int64_t old = static_cast<int64_t>(EmbeddedMigrations().size());
  const std::string backup = path + ".backup-v" + std::to_string(old);
  const auto migrations = WithNextStep("ALTER TABLE feedback ADD COLUMN note TEXT; CREATE TABLE notes (x ANY) STRICT;");
  {
    const auto log = OpenSqliteLogWith({.path = path}, migrations);
    INFO(log.status());
    REQUIRE(log.ok());
    CheckSame(MustFind(**log, TestId(1)).decision, TestDecision(1));
    CHECK(Record(**log, TestFeedback(TestDecision(1), "f")).ok());
  }
  CHECK(Query(path, "PRAGMA user_version") == old + 1);
  CHECK(Query(path, "SELECT count(*) FROM notes") == 0);
  CHECK(Query(backup, "PRAGMA user_version") == old);
  CHECK(Query(backup, "SELECT count(*) FROM decisions") == 1);
  CHECK(*OpenForTest({.path = backup})->LastDecisionSeq() == 1);  // a backup is a log

  std::filesystem::remove(backup);
  CHECK(OpenSqliteLogWith({.path = path}, migrations).ok());
  CHECK_FALSE(std::filesystem::exists(backup));  // nothing to change: none made
}

TEST_CASE("a step that fails leaves the file at the old schema", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  MakeLog(path);
  CHECK_FALSE(OpenSqliteLogWith({.path = path}, WithNextStep("CREATE TABLE notes (x ANY) STRICT; nonsense;")).ok());
  CHECK(Query(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'notes'") == 0);
  CHECK(*OpenForTest({.path = path})->LastDecisionSeq() == 1);
  // Mended, it applies, though a backup of the failed attempt is there.
  CHECK(OpenSqliteLogWith({.path = path}, WithNextStep("CREATE TABLE notes (x ANY) STRICT;")).ok());
}

TEST_CASE("a newer schema is refused", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  MakeLog(path);
  REQUIRE(OpenSqliteLogWith({.path = path}, WithNextStep("CREATE TABLE notes (x ANY) STRICT")).ok());
  CheckRefused(path, EmbeddedMigrations(), "knows schemas up to");
}

TEST_CASE("a step that reads differently than when it was applied is refused", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  MakeLog(path);
  auto migrations = EmbeddedMigrations();
  migrations[0].sql += " ";
  CheckRefused(path, migrations, "differs");
}

TEST_CASE("another program's file is refused", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("other.db");
  SECTION("a database that names another program") {
    auto database = Database::Open(path, Database::Access::kReadWriteCreate);
    REQUIRE(database->Execute("PRAGMA application_id = 7; CREATE TABLE t (x)").ok());
    CheckRefused(path, EmbeddedMigrations(), "another program");
  }
  SECTION("a database that names none") {
    auto database = Database::Open(path, Database::Access::kReadWriteCreate);
    REQUIRE(database->Execute("CREATE TABLE t (x); PRAGMA user_version = 1").ok());
    CheckRefused(path, EmbeddedMigrations(), "another program");
  }
  SECTION("no database") {
    std::ofstream(path) << std::string(5000, 'x');
    CheckRefused(path, EmbeddedMigrations(), "not a SQLite database");
  }
}

TEST_CASE("a path that cannot hold a file is refused", "[log]") {
  const TempDir folder;
  CHECK(OpenSqliteLog({.path = folder.File("none/log.db")}).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(OpenSqliteLog({.path = ""}).status().code() == absl::StatusCode::kFailedPrecondition);
}

}  // namespace suffice
