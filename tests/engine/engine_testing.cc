#include "engine_testing.h"

#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/hash.h"
#include "catch.h"
#include "log/event_log.h"

namespace suffice {

Store::Store() {
  std::string pattern = (std::filesystem::temp_directory_path() / "suffice_engine_XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
}

Store::~Store() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Config ThreeTierConfig() {
  Config config;
  config.tiers.push_back({.name = "small", .model = "m-small", .price = {0.1, 0.4}});
  config.tiers.push_back({.name = "medium", .model = "m-medium", .price = {0.5, 2}});
  config.tiers.push_back({.name = "large", .model = "m-large", .price = {3, 15}});
  config.features.fit_after_prompts = 0;
  return config;
}

std::string PromptNumber(int n) {
  static const char* const kWords[] = {"translate", "prove",   "summarise", "the",      "integral", "letter",  "code",
                                       "sum",       "of",      "paris",     "refactor", "poem",     "invoice", "why",
                                       "tree",      "explain", "email",     "number",   "recipe",   "python"};
  std::string text;
  for (int k = 0; k < 8; ++k) text += std::string(kWords[Hash64(std::to_string(n * 31 + k)) % 20]) + " ";
  return text + std::to_string(n) + (n % 3 == 0 ? "?" : ".");
}

std::unique_ptr<Engine> MustOpen(const Store& store, const Config& config) {
  auto engine = Engine::Open({.config = config, .database = store.path()});
  INFO(engine.status().ToString());
  REQUIRE(engine.ok());
  return *std::move(engine);
}

Decision MustRoute(Engine& engine, const RouteRequest& request) {
  auto decision = engine.Route(request);
  INFO(decision.status().ToString());
  REQUIRE(decision.ok());
  return *std::move(decision);
}

Decision MustRoute(Engine& engine, const std::string& prompt) {
  RouteRequest request;
  request.prompt = prompt;
  return MustRoute(engine, request);
}

void Tell(Engine& engine, const Decision& decision, double reward) {
  engine.RecordFeedback({.feedback_id = decision.id.ToString(), .decision_id = decision.id, .reward = reward},
                        [](const absl::StatusOr<Receipt>&) {});
}

Decision Look(Engine& engine, const std::string& prompt) {
  RouteRequest request;
  request.prompt = prompt;
  request.dry_run = true;
  return MustRoute(engine, request);
}

void Teach(Engine& engine, int first, int last, const std::vector<double>& reward_by_tier, int sync_every) {
  for (int i = first; i < last; ++i) {
    const Decision decision = MustRoute(engine, PromptNumber(i));
    const int tier = engine.CurrentConfig().TierIndex(decision.tier);
    Tell(engine, decision, reward_by_tier.at(static_cast<size_t>(tier)));
    if ((i + 1) % sync_every == 0) REQUIRE(engine.Sync().ok());
  }
  REQUIRE(engine.Sync().ok());
}

std::vector<DecisionRecord> ReadDecisions(const Store& store) {
  auto log = OpenSqliteLog({.path = store.path()});
  REQUIRE(log.ok());
  std::vector<DecisionRecord> decisions;
  const auto keep = [&](const DecisionRecord& decision) {
    decisions.push_back(decision);
    return true;
  };
  REQUIRE((*log)->ScanDecisions(0, 1 << 30, keep).ok());
  return decisions;
}

int64_t SelectInteger(const Store& store, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open_v2(store.path().c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  INFO(sql);
  REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
  const int64_t value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(db);
  return value;
}

void Execute(const Store& store, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(store.path().c_str(), &db) == SQLITE_OK);
  REQUIRE(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

bool FilesContain(const Store& store, const std::string& text) {
  for (const auto& entry : std::filesystem::directory_iterator(store.folder())) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (bytes.find(text) != std::string::npos) return true;
  }
  return false;
}

void CheckSamePredictions(const Decision& a, const Decision& b) {
  constexpr double kTolerance = 1e-9;
  REQUIRE(a.tiers.size() == b.tiers.size());
  for (size_t k = 0; k < a.tiers.size(); ++k) {
    CAPTURE(a.tiers[k].tier);
    CHECK(a.tiers[k].tier == b.tiers[k].tier);
    CHECK(a.tiers[k].quality == Approx(b.tiers[k].quality).margin(kTolerance).epsilon(0));
    CHECK(a.tiers[k].quality_sigma == Approx(b.tiers[k].quality_sigma).margin(kTolerance).epsilon(0));
    CHECK(a.tiers[k].cost_usd == Approx(b.tiers[k].cost_usd).margin(kTolerance).epsilon(0));
    CHECK(a.tiers[k].latency_ms == Approx(b.tiers[k].latency_ms).epsilon(kTolerance));
    CHECK(a.tiers[k].observations == Approx(b.tiers[k].observations).epsilon(kTolerance));
  }
}

}  // namespace suffice
