// The server on a damaged database: what it says, and that it neither crashes nor forgets in silence.
#include <fmt/format.h>
#include <sqlite3.h>

#include <fstream>

#include "catch.h"
#include "integration/try_calls.h"

namespace suffice {
namespace {

constexpr int64_t kPageBytes = 8192;

std::vector<int64_t> Select(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  INFO(sql);
  REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  std::vector<int64_t> values;
  while (sqlite3_step(statement) == SQLITE_ROW) values.push_back(sqlite3_column_int64(statement, 0));
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return values;
}

// Overwrites the root pages of what the condition on sqlite_schema selects.
void GarbleRoots(const std::string& path, const std::string& condition) {
  const std::vector<int64_t> roots = Select(path, "SELECT rootpage FROM sqlite_schema WHERE " + condition);
  REQUIRE_FALSE(roots.empty());
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (const int64_t page : roots) {
    file.seekp((page - 1) * kPageBytes);
    file << std::string(kPageBytes, '\x5a');
  }
}

uint64_t BigEndian(const std::string& bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = at; i < at + count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// Gives the last row of a table another key. REQUIRES: both keys are below 128, so that each is one byte.
void ChangeLastKey(const std::string& path, const std::string& table, char key) {
  const auto root = Select(path, "SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'");
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string page(kPageBytes, '\0');
  auto number = static_cast<uint64_t>(root.at(0));
  const auto read = [&] {
    file.seekg(static_cast<std::streamoff>(number - 1) * kPageBytes);
    file.read(page.data(), kPageBytes);
  };
  constexpr char kInterior = 5, kLeaf = 13;
  for (read(); page[0] == kInterior; read()) number = BigEndian(page, 8, 4);  // the rightmost child
  REQUIRE(page[0] == kLeaf);
  const size_t cells = BigEndian(page, 3, 2);
  size_t at = BigEndian(page, 8 + 2 * (cells - 1), 2);
  while ((page[at] & 0x80) != 0) ++at;  // the row's length, of seven bits a byte
  file.seekp(static_cast<std::streamoff>(number - 1) * kPageBytes + static_cast<std::streamoff>(at) + 1);
  file.put(key);
}

// A database with feedback, of a server that has ended in order.
std::string Serve(const TempFolder& folder, int count) {
  TestServer server(folder);
  for (int i = 0; i < count; ++i) {
    const std::string id = server.Route(fmt::format("prompt {}", i)).decision_id();
    REQUIRE(TryOutcome(server, id).ok());
    REQUIRE(TryFeedback(server, id, id, (i % 5) / 4.0).ok());
  }
  REQUIRE(server.Terminate().code == 0);
  return folder.Path("log.db");
}

}  // namespace

TEST_CASE("a damaged page that is met at the start ends it with the file and what to do", "[integration]") {
  const TempFolder folder;
  const std::string database = Serve(folder, 30);
  GarbleRoots(database, "type = 'table' AND name = 'decisions'");
  ChildProcess server({"serve", "--listen", "127.0.0.1:0", "--config", Policy("two_tiers.yaml"), "--db", database});
  const Exit ended = server.Wait();
  CHECK(ended.signal == 0);
  CHECK(ended.code == 1);
  INFO(server.err());
  CHECK(server.err().find(database + ": SQLite: database disk image is malformed; the file is damaged") !=
        std::string::npos);
}

TEST_CASE("rows that are out of order end the start, instead of being read for ever", "[integration]") {
  const TempFolder folder;
  const std::string database = Serve(folder, 30);
  const std::string undamaged = folder.Path("undamaged");
  std::filesystem::copy_file(database, undamaged);
  for (const std::string table : {"decisions", "outcomes", "feedback"}) {
    INFO(table);
    std::filesystem::copy_file(undamaged, database, std::filesystem::copy_options::overwrite_existing);
    Select(database, "DELETE FROM snapshots");
    ChangeLastKey(database, table, 3);
    ChildProcess server({"serve", "--listen", "127.0.0.1:0", "--config", Policy("two_tiers.yaml"), "--db", database,
                         "--set", "limits.cost.budgets=[{name: daily, usd: 300, kind: soft}]"});
    const Exit ended = server.Wait();
    INFO(server.err());
    CHECK(ended.code == 1);
    CHECK(server.err().find(database + ": SQLite: database disk image is malformed; the file is damaged") !=
          std::string::npos);
  }
}

TEST_CASE("a damaged page that is met while serving refuses feedback by its name, and Route goes on", "[integration]") {
  const TempFolder folder;
  const std::string database = Serve(folder, 30);
  GarbleRoots(database, "name = 'feedback_by_decision'");
  TestServer server(folder);
  CHECK(server.GetStatus().observations() == 30);  // from the kept state
  const std::string decision = server.Route("served").decision_id();
  const grpc::Status refusal = TryFeedback(server, decision, "f");
  CheckUnavailable(refusal);
  CHECK(refusal.error_message().find(database) != std::string::npos);
  CHECK(refusal.error_message().find("the file is damaged") != std::string::npos);
  CHECK(server.GetStatus().log_error().find("the file is damaged") != std::string::npos);
  CHECK(server.Route("served").decision_id() != "");
  CHECK(server.Terminate().signal == 0);
}

TEST_CASE("a torn snapshot is left for an older one, which is said, and the statistics are those of a rebuild",
          "[integration]") {
  const TempFolder folder;
  for (int round = 0; round < 3; ++round) Serve(folder, 25);
  const std::string database = folder.Path("log.db");
  const std::vector<int64_t> kept =
      Select(database, "SELECT number FROM snapshots WHERE state IS NOT NULL ORDER BY number DESC");
  REQUIRE(kept.size() == 3);
  const auto tear = [&](int64_t number) {
    Select(database, fmt::format("UPDATE snapshots SET state = substr(state, 1, length(state) - 9) WHERE number = {}",
                                 number));
  };
  tear(kept[0]);
  {
    TestServer server(folder);
    CHECK(server.process().err().find(fmt::format("snapshot {} cannot be used", kept[0])) != std::string::npos);
    CHECK(server.process().err().find(fmt::format("going on from snapshot {}", kept[1])) != std::string::npos);
    CHECK(server.GetStatus().observations() == 75);
    CHECK(server.Terminate().code == 0);
  }
  CheckRebuildAgrees(database);
  for (const int64_t number : Select(database, "SELECT number FROM snapshots WHERE state IS NOT NULL")) tear(number);
  TestServer server(folder);
  CHECK(server.process().err().find("folding the whole log") != std::string::npos);
  CHECK(server.GetStatus().observations() == 75);
  CHECK(server.Terminate().code == 0);
  CheckRebuildAgrees(database);
}

}  // namespace suffice
