// Any text as lines of `suffice import`, into the tables of a database in memory: what is accepted must come out as a
// line that, read again into an empty table, comes out the same.
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "fuzz/require.h"
#include "log/json_line.h"
#include "log/migrations.h"
#include "log/row_lines.h"
#include "log/sqlite.h"

namespace suffice {
namespace {

// The tables of a log without rows.
struct World {
  Database database;
  std::map<std::string, RowTable> tables;
  std::map<std::string, RowInserter> inserters;

  World() : database(OpenEmpty()) {
    auto listed = RowTables(database);
    SUFFICE_REQUIRE(listed.ok());
    for (const RowTable& table : *listed) {
      auto inserter = RowInserter::Prepare(database, table);
      SUFFICE_REQUIRE(inserter.ok());
      inserters.emplace(table.kind, *std::move(inserter));
      tables.emplace(table.kind, table);
    }
  }

  static Database OpenEmpty() {
    auto database = Database::Open(":memory:", Database::Access::kReadWriteCreate);
    SUFFICE_REQUIRE(database.ok());
    for (const Migration& migration : EmbeddedMigrations()) SUFFICE_REQUIRE(database->Execute(migration.sql).ok());
    return *std::move(database);
  }

  // Inserts the lines that are rows; returns how many were accepted.
  int Insert(const std::string& text) {
    std::istringstream in(text);
    std::string line;
    int accepted = 0;
    for (LineRead read; (read = ReadBoundedLine(in, 1 << 16, line)) != LineRead::kEnd;) {
      if (read == LineRead::kTooLong) continue;
      const auto json = ParseJsonLine(line);
      if (!json.ok() || !json->is_object()) continue;
      const auto kind = json->find("kind");
      if (kind == json->end() || !kind->is_string()) continue;
      const auto inserter = inserters.find(kind->get<std::string>());
      if (inserter == inserters.end()) continue;
      const absl::Status status = inserter->second.Insert(*json, /*older=*/true);
      if (status.ok()) {
        ++accepted;
      } else {
        SUFFICE_REQUIRE(!status.message().empty());
      }
    }
    return accepted;
  }

  // In the order of the tables; rows that the format does not let out are left away.
  std::string Export() {
    std::string text;
    auto listed = RowTables(database);
    SUFFICE_REQUIRE(listed.ok());
    for (const RowTable& table : *listed) {
      auto select = database.Prepare(table.Select());
      SUFFICE_REQUIRE(select.ok());
      const ResetAtEnd reset(*select);
      for (auto row = select->Step(); row.ok() && *row; row = select->Step()) {
        std::string line;
        SUFFICE_REQUIRE(AppendRowLine(table, *select, line).ok());
        text += line + "\n";
      }
    }
    return text;
  }
};

}  // namespace
}  // namespace suffice

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace suffice;
  static World world;
  SUFFICE_REQUIRE(world.database.Execute("BEGIN").ok());
  const int accepted = world.Insert(std::string(reinterpret_cast<const char*>(data), size));
  std::string text;
  if (accepted > 0) text = world.Export();
  SUFFICE_REQUIRE(world.database.Execute("ROLLBACK").ok());
  if (accepted == 0) return 0;
  SUFFICE_REQUIRE(world.database.Execute("BEGIN").ok());
  SUFFICE_REQUIRE(world.Insert(text) == accepted);
  SUFFICE_REQUIRE(world.Export() == text);
  SUFFICE_REQUIRE(world.database.Execute("ROLLBACK").ok());
  return 0;
}
