// A database that was damaged while nobody looked: kept states that are torn, bytes that were flipped.
#include <sqlite3.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "catch.h"
#include "engine_testing.h"

namespace suffice {
namespace {

using Change = std::function<void(std::string& state)>;

void CutInHalf(std::string& state) { state.resize(state.size() / 2); }
void FlipOneBit(std::string& state) { state[state.size() / 2] ^= 1; }
void Overwrite(std::string& state) { state.assign(state.size(), '\0'); }

// Changes the state of the newest `rows` rows of a table that has states.
void Damage(const Store& store, const std::string& table, int rows, const Change& change) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(store.path().c_str(), &db) == SQLITE_OK);
  for (int row = 0; row < rows; ++row) {
    sqlite3_stmt* statement = nullptr;
    const std::string select = "SELECT number, state FROM " + table + " WHERE state IS NOT NULL ORDER BY number DESC " +
                               "LIMIT 1 OFFSET " + std::to_string(row);
    REQUIRE(sqlite3_prepare_v2(db, select.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
    const int64_t number = sqlite3_column_int64(statement, 0);
    std::string state(static_cast<const char*>(sqlite3_column_blob(statement, 1)),
                      static_cast<size_t>(sqlite3_column_bytes(statement, 1)));
    sqlite3_finalize(statement);
    change(state);
    const std::string update = "UPDATE " + table + " SET state = ?1 WHERE number = ?2";
    REQUIRE(sqlite3_prepare_v2(db, update.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    sqlite3_bind_blob(statement, 1, state.data(), static_cast<int>(state.size()), SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 2, number);
    REQUIRE(sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_finalize(statement);
  }
  sqlite3_close(db);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// Uses an engine in every way that reads or writes what may be damaged; errors are fine.
void UseAnyHow(Engine& engine, const std::vector<DecisionId>& known) {
  for (int i = 0; i < 5; ++i) {
    RouteRequest request;
    request.prompt = PromptNumber(i);
    const auto decision = engine.Route(request);
    if (decision.ok()) Tell(engine, *decision, 0.5);
  }
  for (const DecisionId& id : known) {
    engine.Explain(id, "").IgnoreError();
    engine.RecordFeedback({.feedback_id = "again", .decision_id = id, .reward = 0.25}).IgnoreError();
  }
  engine.Sync().IgnoreError();
  engine.Status();
  engine.Close().IgnoreError();
}

}  // namespace

TEST_CASE("a torn state is left for an older one or for the whole log, to the same statistics") {
  const Store store;
  Decision before;
  for (int round = 0; round < 3; ++round) {  // each keeps a state
    auto engine = MustOpen(store, ThreeTierConfig());
    Teach(*engine, 100 * round, 100 * (round + 1), {0.2, 0.5, 0.9});
    before = Look(*engine, "Prove that the sum is even.");
    REQUIRE(engine->Close().ok());
  }
  const std::string whole = ReadFile(store.path());
  for (const Change& change : {Change(CutInHalf), Change(FlipOneBit), Change(Overwrite)}) {
    for (const int torn : {1, 2, 3}) {
      std::ofstream(store.path(), std::ios::binary | std::ios::trunc) << whole;
      Damage(store, "snapshots", torn, change);
      const auto engine = MustOpen(store, ThreeTierConfig());
      CHECK(engine->Status().observations == 300);
      CheckSamePredictions(before, Look(*engine, "Prove that the sum is even."));
      REQUIRE(engine->Close().ok());
    }
  }
}

TEST_CASE("a torn state of the ledger is left for the log: a hard budget stays where it was") {
  const Store store;
  Config config = ThreeTierConfig();
  for (Tier& tier : config.tiers) tier.max_output_tokens = 100;
  config.limits.cost.budgets.push_back({.name = "cap", .usd = 1, .period = BudgetPeriod::kMonth});
  BudgetStatus before;
  {
    auto engine = MustOpen(store, config);
    for (int i = 0; i < 20; ++i) {
      const Decision decision = MustRoute(*engine, PromptNumber(i));
      if (i % 2 == 0) REQUIRE(engine->RecordOutcome({.decision_id = decision.id, .cost_usd = 1e-4}).ok());
    }
    before = engine->Status().budgets.at(0);
    REQUIRE(engine->Close().ok());
  }
  REQUIRE(before.spent_usd == Approx(1e-3));
  const std::string whole = ReadFile(store.path());
  for (const Change& change : {Change(CutInHalf), Change(FlipOneBit), Change(Overwrite)}) {
    std::ofstream(store.path(), std::ios::binary | std::ios::trunc) << whole;
    Damage(store, "ledger_states", 1, change);
    const auto engine = MustOpen(store, config);
    const BudgetStatus after = engine->Status().budgets.at(0);
    CHECK(after.spent_usd == before.spent_usd);
    CHECK(after.reserved_usd == before.reserved_usd);
    REQUIRE(engine->Close().ok());
  }
}

TEST_CASE("fitted features whose bytes changed are said and replaced, and the log is folded again") {
  const Store store;
  Config config = ThreeTierConfig();
  config.features.fit_after_prompts = 300;
  config.features.dimensions = 8;
  {
    auto engine = MustOpen(store, config);
    int next = 0;
    for (; next < 100000 && engine->Status().feature_set.rfind("svd-", 0) != 0; ++next) {
      Tell(*engine, MustRoute(*engine, PromptNumber(next)), 0.5);
      REQUIRE(engine->Sync().ok());
    }
    REQUIRE(engine->Status().feature_set.rfind("svd-", 0) == 0);
    REQUIRE(engine->Close().ok());
  }
  const int64_t told = SelectInteger(store, "SELECT count(*) FROM feedback");
  const int64_t middle = SelectInteger(store, "SELECT length(bytes) / 2 FROM feature_sets");
  Execute(store, "UPDATE feature_sets SET bytes = CAST(substr(bytes, 1, " + std::to_string(middle) +
                     ") || x'4142434445464748' || substr(bytes, " + std::to_string(middle + 9) + ") AS BLOB)");
  auto engine = MustOpen(store, config);
  CHECK(engine->Status().feature_set.rfind("counted-", 0) == 0);
  CHECK(engine->Status().observations == told);
}

TEST_CASE("rows whose features cannot be teach what their sketch says, or nothing") {
  const Store store;
  {
    auto engine = MustOpen(store, ThreeTierConfig());
    for (int i = 0; i < 60; ++i) Tell(*engine, MustRoute(*engine, PromptNumber(i)), 0.5);
    REQUIRE(engine->Close().ok());
  }
  Execute(store, "UPDATE snapshots SET state = NULL");
  // As many floats, all NaN, or all 5.6e19.
  const int64_t floats = SelectInteger(store, "SELECT max(length(features)) / 4 FROM decisions");
  for (const char* four_bytes : {"0000C07F", "40404260"}) {
    std::string blob;
    for (int64_t i = 0; i < floats; ++i) blob += four_bytes;
    const int seq = four_bytes[0] == '0' ? 3 : 5;
    Execute(store, "UPDATE decisions SET features = x'" + blob + "' WHERE seq = " + std::to_string(seq));
  }
  {
    const auto engine = MustOpen(store, ThreeTierConfig());
    CHECK(engine->Status().observations == 60);
    const Decision decision = Look(*engine, "Prove that the sum is even.");
    for (const TierView& view : decision.tiers) CHECK(std::isfinite(view.quality));
    REQUIRE(engine->Close().ok());
  }
  Execute(store, "UPDATE snapshots SET state = NULL");
  Execute(store, "UPDATE decisions SET sketch = x'' WHERE seq IN (3, 5)");
  CHECK(MustOpen(store, ThreeTierConfig())->Status().observations == 58);
}

TEST_CASE("rewards and outcomes that cannot be teach nothing") {
  const Store store;
  {
    auto engine = MustOpen(store, ThreeTierConfig());
    for (int i = 0; i < 60; ++i) {
      const Decision decision = MustRoute(*engine, PromptNumber(i));
      Tell(*engine, decision, 0.5);
      const Outcome outcome{.decision_id = decision.id, .output_tokens = 100, .latency_ms = 500};
      REQUIRE(engine->RecordOutcome(outcome).ok());
    }
    REQUIRE(engine->Close().ok());
  }
  Execute(store, "UPDATE snapshots SET state = NULL");
  const std::string whole = ReadFile(store.path());
  const auto learned = [&](const std::vector<std::string>& changes) {
    std::ofstream(store.path(), std::ios::binary | std::ios::trunc) << whole;
    for (const std::string& change : changes) Execute(store, change);
    const auto engine = MustOpen(store, ThreeTierConfig());
    CHECK(engine->Status().observations == 56);
    const Decision decision = Look(*engine, "Prove that the sum is even.");
    REQUIRE(engine->Close().ok());
    return decision;
  };
  const Decision without = learned({"DELETE FROM feedback WHERE seq BETWEEN 11 AND 14",
                                    "DELETE FROM outcomes WHERE seq BETWEEN 21 AND 24"});
  CheckSamePredictions(without, learned({"UPDATE feedback SET reward = -0.25 WHERE seq = 11",
                                         "UPDATE feedback SET reward = 1.5 WHERE seq = 12",
                                         "UPDATE feedback SET reward = 1e300 WHERE seq = 13",
                                         "UPDATE feedback SET reward = 9e999 WHERE seq = 14",
                                         "UPDATE outcomes SET latency_ms = 9e999 WHERE seq = 21",
                                         "UPDATE outcomes SET output_tokens = -7 WHERE seq = 22",
                                         "UPDATE outcomes SET output_tokens = 1 << 60 WHERE seq = 23",
                                         "UPDATE outcomes SET cost_usd = 1e300 WHERE seq = 24"}));
}

TEST_CASE("bytes flipped anywhere in the file are refused or outlived, never a crash") {
  const Store store, damaged;
  std::vector<DecisionId> known;
  {
    auto engine = MustOpen(store, ThreeTierConfig());
    for (int i = 0; i < 120; ++i) {
      const Decision decision = MustRoute(*engine, PromptNumber(i));
      Tell(*engine, decision, 0.5);
      if (i % 3 == 0) REQUIRE(engine->RecordOutcome({.decision_id = decision.id, .output_tokens = 10}).ok());
      if (i % 40 == 0) known.push_back(decision.id);
    }
    REQUIRE(engine->Close().ok());
  }
  // Without a kept state everything is read.
  Execute(store, "UPDATE snapshots SET state = NULL WHERE number % 2 = 0");
  const std::string whole = ReadFile(store.path());
  int refused = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    std::string bytes = whole;
    const size_t place = random() % bytes.size(), length = 1 + random() % 512;
    for (size_t i = place; i < std::min(bytes.size(), place + length); ++i) bytes[i] = static_cast<char>(random());
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(damaged.path() + suffix);
    std::ofstream(damaged.path(), std::ios::binary | std::ios::trunc) << bytes;
    const auto engine = Engine::Open({.config = ThreeTierConfig(), .database = damaged.path()});
    if (engine.ok()) {
      UseAnyHow(**engine, known);
    } else {
      ++refused;
      INFO(engine.status().ToString());
      CHECK_FALSE(engine.status().message().empty());
    }
  }
  CHECK(refused > 0);
}

}  // namespace suffice
