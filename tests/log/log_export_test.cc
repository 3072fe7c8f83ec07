// A log as text and back: nothing is lost, and nothing that was damaged gets in.
#include "log/log_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <sstream>

#include "catch.h"
#include "log/log_import.h"
#include "log/release_store.h"
#include "log/row_lines.h"
#include "log/sqlite.h"
#include "log_testing.h"

namespace suffice {
namespace {

using Json = nlohmann::ordered_json;

std::string MustExport(const std::string& db) {
  std::ostringstream out;
  const auto rows = ExportLog(db, out);
  INFO(rows.status().ToString());
  REQUIRE(rows.ok());
  return out.str();
}

void WriteFile(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// Values that are hard to write down.
class Odd {
 public:
  explicit Odd(uint64_t seed) : random_(seed) {}

  double Real() {
    constexpr double kEdges[] = {0, 1, -1, 0.1, 1e-300, 5e-324, 1.7976931348623157e308, 1e15, -2.5e-7, 123456789.123};
    if (Below(3) == 0) return kEdges[Below(std::size(kEdges))];
    return std::ldexp(std::uniform_real_distribution<double>(-1, 1)(random_), static_cast<int>(Below(80)) - 40);
  }
  double Reward() { return std::min(1.0, std::abs(Real())); }
  double RealOrNone() {
    constexpr double kNone[] = {NAN, INFINITY, -INFINITY};
    return Below(4) == 0 ? kNone[Below(3)] : Real();
  }
  float Feature() { return static_cast<float>(std::ldexp(Real(), -1)); }
  std::string Text() {
    static const std::string kTexts[] = {"",
                                         "plain",
                                         "\"quoted\" \\ \n\t",
                                         std::string("nul\0byte", 8),
                                         "gr\xc3\xbc\xc3\x9f",
                                         "not \xff utf-8",
                                         "\xed\xa0\x80",
                                         "\xf0\x9f\x98\x80",
                                         "{\"base64\":\"x\"}"};
    return kTexts[Below(std::size(kTexts))];
  }
  std::string Bytes() {
    std::string bytes(Below(40), '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(Below(256)); });
    return bytes;
  }
  uint64_t Bits() { return random_(); }
  size_t Below(size_t n) { return random_() % n; }

 private:
  std::mt19937_64 random_;
};

DecisionRecord OddDecision(uint32_t n, Odd& odd) {
  DecisionRecord decision = TestDecision(n, n % 3 == 0 ? "strong" : "cheap");
  decision.tenant = odd.Text();
  decision.session = odd.Text();
  decision.request_id = odd.Text();
  decision.infeasible = odd.Text();
  decision.origin = static_cast<DecisionOrigin>(odd.Below(4));
  decision.prompt = odd.Below(2) == 0 ? std::nullopt : std::optional(odd.Text());
  decision.feature_version = odd.Bits();
  decision.seed = odd.Bits();
  decision.propensity = std::abs(odd.Real());
  decision.input_tokens_estimate = odd.Real();
  decision.sketch = odd.Bytes();
  for (float& x : decision.features) x = odd.Feature();
  if (odd.Below(5) == 0) decision.features.push_back(std::numeric_limits<float>::quiet_NaN());
  for (double* value : {&decision.cost_usd.value, &decision.cost_usd.low, &decision.latency_ms.high}) {
    *value = odd.RealOrNone();
  }
  decision.multipliers.emplace_back("odd", odd.RealOrNone());
  for (TierView& view : decision.tiers) view.quality = odd.RealOrNone();
  return decision;
}

// A log with rows in every table.
void MakeLog(const std::string& path, uint64_t seed, uint32_t decisions) {
  Odd odd(seed);
  {
    const auto log = OpenForTest({.path = path});
    for (const char* hash : {"b", "a"}) REQUIRE(log->SaveConfig(hash, odd.Text() + hash).ok());
    REQUIRE(log->SaveFeatureSet(odd.Bits(), odd.Bytes()).ok());
    for (uint32_t n = 1; n <= decisions; ++n) {
      const DecisionRecord decision = OddDecision(n, odd);
      Append(*log, decision);
      OutcomeRecord outcome = TestOutcome(decision);
      outcome.outcome.served_model = odd.Text();
      outcome.outcome.latency_ms = std::abs(odd.Real());
      outcome.wrong_model = odd.Below(2) == 0;
      if (odd.Below(3) > 0) REQUIRE(Record(*log, outcome).ok());
      for (size_t k = odd.Below(3); k > 0; --k) {
        FeedbackRecord feedback = TestFeedback(decision, fmt::format("f{}/{}", n, k), odd.Reward());
        feedback.feedback.source = static_cast<FeedbackSource>(odd.Below(3));
        if (k == 1) feedback.feedback.sender = odd.Text();
        REQUIRE(Record(*log, feedback).ok());
      }
    }
    REQUIRE_FALSE(Record(*log, TestOutcome(TestDecision(decisions + 1))).ok());  // an orphan
    REQUIRE_FALSE(Record(*log, TestFeedback(TestDecision(decisions + 2), odd.Text() + "g")).ok());
    for (int64_t number = 1; number <= 5; ++number) {
      SnapshotRecord snapshot{
          .number = number, .time_us = number, .cursor = {number, 2}, .feature_version = odd.Bits()};
      snapshot.state = number % 2 == 0 ? "" : odd.Bytes() + "s";
      REQUIRE(log->SaveSnapshot(snapshot).ok());
    }
    REQUIRE(log->SaveLedgerState({.number = 1, .time_us = 2, .decision_seq = 3, .outcome_seq = 4, .state = "l"}).ok());
  }
  const auto store = ReleaseStore::Open(path);
  REQUIRE(store.ok());
  ReleaseRecord release{.time_us = 7, .kind = "nightly", .feature_version = odd.Bits(), .fit = odd.Bytes() + "f"};
  release.note = odd.Text();
  REQUIRE((*store)->Save(release, odd.Bytes()).ok());
  REQUIRE((*store)->Promote({.time_us = 8, .release = 1, .share = 0.1, .base = 0, .reason = odd.Text()}).ok());
}

// Deletes the first decision, whose lesson is said to be in a base.
void DeleteFirst(const std::string& path) {
  const auto log = OpenForTest({.path = path});
  REQUIRE(log->MakeBase(1).ok());
  const Deletion first{.before_us = TestDecision(1).time_us + 1, .upto = {INT64_MAX, INT64_MAX}, .limit = 1};
  REQUIRE(log->DeleteDecisions(first)->decisions == 1);
}

// The lines with the first of a kind changed: `key` has another value, or none.
std::string Changed(const std::string& lines, const std::string& kind, const std::string& key,
                    const std::optional<Json>& value) {
  const size_t start = lines.find(fmt::format("{{\"kind\":\"{}\"", kind));
  REQUIRE(start != std::string::npos);
  const size_t end = lines.find('\n', start);
  Json line = Json::parse(lines.substr(start, end - start));
  value ? void(line[key] = *value) : void(line.erase(key));
  return lines.substr(0, start) + line.dump() + lines.substr(end);
}

}  // namespace

TEST_CASE("a log that is exported and imported exports the same bytes, and has the same rows") {
  for (const uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    const TempDir dir;
    MakeLog(dir.File("a.db"), seed, 60);
    DeleteFirst(dir.File("a.db"));
    const std::string lines = MustExport(dir.File("a.db"));
    WriteFile(dir.File("a.jsonl"), lines);
    const auto rows = ImportLog(dir.File("a.jsonl"), dir.File("b.db"));
    INFO(rows.status().ToString());
    REQUIRE(rows.ok());
    CHECK(*rows + 2 == std::count(lines.begin(), lines.end(), '\n'));
    CHECK(MustExport(dir.File("b.db")) == lines);

    auto a = Database::Open(dir.File("a.db"), Database::Access::kReadOnly);
    REQUIRE(a.ok());
    REQUIRE(a->Execute(fmt::format("ATTACH '{}' AS b", dir.File("b.db"))).ok());
    const auto tables = RowTables(*a);
    REQUIRE(tables.ok());
    for (const RowTable& table : *tables) {
      CAPTURE(table.name);
      CHECK(a->QueryInt(fmt::format("SELECT count(*) FROM main.{}", table.name)).value() > 0);
      for (const char* both : {"main.{} EXCEPT SELECT * FROM b.{}", "b.{} EXCEPT SELECT * FROM main.{}"}) {
        std::string sql = fmt::format("SELECT count(*) FROM (SELECT * FROM {})", both);
        for (size_t at; (at = sql.find("{}")) != std::string::npos;) sql.replace(at, 2, table.name);
        CHECK(a->QueryInt(sql).value() == 0);
      }
    }
    // The new log can be written.
    const auto log = OpenForTest({.path = dir.File("b.db")});
    Append(*log, TestDecision(1000));
    REQUIRE(log->Flush().ok());
    CHECK(log->LastDecisionSeq().value() == 61);
  }
}

TEST_CASE("every table and column of the schema is exported") {
  const TempDir dir;
  OpenForTest({.path = dir.File("a.db")})->Close().IgnoreError();
  auto database = Database::Open(dir.File("a.db"), Database::Access::kReadOnly);
  REQUIRE(database.ok());
  const auto tables = RowTables(*database);
  REQUIRE(tables.ok());
  CHECK(database
            ->QueryInt("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name != 'schema_migrations' AND "
                       "name NOT LIKE 'sqlite_%'")
            .value() == std::ssize(*tables));
  for (const RowTable& table : *tables) {
    std::set<std::string> keys;
    for (const RowColumn& column : table.columns) CHECK(keys.insert(column.key).second);
    CHECK(keys.count("kind") == 0);
    CHECK(keys.size() > 1);
  }
}

TEST_CASE("what is damaged is refused by line and key, and leaves nothing behind") {
  const TempDir dir;
  MakeLog(dir.File("a.db"), 4, 8);
  const std::string good = MustExport(dir.File("a.db"));
  const auto refusal = [&](const std::string& lines) {
    WriteFile(dir.File("bad.jsonl"), lines);
    const auto imported = ImportLog(dir.File("bad.jsonl"), dir.File("b.db"));
    REQUIRE_FALSE(imported.ok());
    for (const auto& entry : std::filesystem::directory_iterator(dir.File(""))) {
      CHECK(entry.path().filename().string().rfind("b.db", 0) == std::string::npos);
    }
    return std::string(imported.status().message()).substr(dir.File("bad.jsonl").size());
  };
  const auto says = [&](const std::string& lines, const std::string& part) {
    const std::string message = refusal(lines);
    INFO(message);
    CHECK(message.find(part) != std::string::npos);
  };

  says("", "cut short");
  says("nonsense\n", ":1: column 2: not JSON");
  says(good.substr(good.find('\n') + 1), ":1: kind: expected \"log\" in the first line");
  // Cut anywhere: within a line, or between two.
  for (size_t cut = good.size() - 2; cut > 40; cut = cut * 3 / 4) {
    CAPTURE(cut);
    refusal(good.substr(0, cut));
  }
  says(good.substr(0, good.rfind("{\"kind\":\"end\"")), "cut short: its last line is not that of kind \"end\"");
  const size_t outcome = good.find("{\"kind\":\"outcome\"");
  says(good.substr(0, outcome) + good.substr(good.find('\n', outcome) + 1), "rows: the file once had");
  says(good + "{}\n", "expected nothing after");
  says(Changed(good, "log", "format", 2), "written by a newer program");
  says(Changed(good, "log", "schema", 99), "written by a newer program");
  says(Changed(good, "meta", "kind", "metal"), ":2: kind: expected one of meta, config");
  says(Changed(good, "meta", "key", "pepper"), "expected a line of kind \"meta\" with the key \"salt\"");
  says(std::regex_replace(good, std::regex("\"seq\":1,"), "\"seq\":1,\"seq\":1,"), "key \"seq\" stands twice");

  const auto says_of = [&](const std::string& kind, const std::string& key, const std::optional<Json>& value,
                           const std::string& part) { says(Changed(good, kind, key, value), part); };
  says_of("decision", "time_us", 0.5, "time_us: expected a whole number of 64 bits, got 0.5");
  says_of("decision", "time_us", uint64_t{1} << 63, "time_us: expected a whole number of 64 bits");
  says_of("decision", "sequel", 1, "sequel: a line of kind \"decision\" has no such key");
  says_of("decision", "tier_ordinal", std::nullopt, "tier_ordinal: missing from a line of kind \"decision\"");
  says_of("decision", "origin", "odd", "origin: column decisions.origin: \"odd\" is not a word of it");
  says_of("decision", "propensity", nullptr, "propensity: expected a value, got null");
  says_of("decision", "propensity", "inf", "propensity: expected a finite number");
  says_of("decision", "cost_usd", "dear", "cost_usd: expected a number, null");
  says_of("decision", "seed", "0x12", "seed: expected 16 hexadecimal digits");
  says_of("decision", "audit", 1, "audit: expected true or false, got 1");
  says_of("decision", "id", "z", "id: expected a UUID");
  says_of("decision", "tiers", Json::object(), "tiers: column decisions.tiers: not a JSON array");
  says_of("decision", "sketch", "!", "sketch: expected base64");
  says_of("decision", "features", Json::array({1, "x"}), "features: expected a list of numbers, got \"x\"");
  says_of("decision", "features", Json::array({1e39}), "features: expected numbers of 32 bits");
  says_of("decision", "tenant", Json::object({{"base64", "?"}}), "tenant: expected base64");
  says_of("decision", "seq", 2, "UNIQUE constraint failed: decisions.seq");
  says_of("outcome", "decision_id", "018f3c2e-6b1a-7c3d-8e4f-0123456789ab",
          "decision_id: expected a decision that stands");
  says_of("outcome", "status", "late", "status: column outcomes.status");
  says_of("feedback", "source", "x", "source: column feedback.source");
}

TEST_CASE("a file that is there is not replaced, and one that is not is told") {
  const TempDir dir;
  MakeLog(dir.File("a.db"), 5, 3);
  WriteFile(dir.File("a.jsonl"), MustExport(dir.File("a.db")));
  CHECK(ImportLog(dir.File("a.jsonl"), dir.File("a.db")).status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(ImportLog(dir.File("no.jsonl"), dir.File("b.db")).status().code() == absl::StatusCode::kNotFound);
  CHECK(ImportLog(dir.File("a.jsonl"), dir.File("no/b.db")).status().code() == absl::StatusCode::kNotFound);
  std::ostringstream out;
  CHECK(ExportLog(dir.File("no.db"), out).status().code() == absl::StatusCode::kNotFound);
  CHECK(ExportLog(dir.File("a.jsonl"), out).status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("lines of an older schema may lack what came later") {
  const TempDir dir;
  MakeLog(dir.File("a.db"), 6, 3);
  std::string lines = MustExport(dir.File("a.db"));
  for (size_t at; (at = lines.find(",\"session_tier\":\"cheap\"")) != std::string::npos;) lines.erase(at, 23);
  WriteFile(dir.File("same.jsonl"), lines);
  CHECK_FALSE(ImportLog(dir.File("same.jsonl"), dir.File("b.db")).ok());
  WriteFile(dir.File("older.jsonl"), Changed(lines, "log", "schema", 1));
  const auto imported = ImportLog(dir.File("older.jsonl"), dir.File("b.db"));
  INFO(imported.status().ToString());
  REQUIRE(imported.ok());
  const auto log = OpenForTest({.path = dir.File("b.db")});
  CHECK(MustFind(*log, TestId(1)).decision.session_tier.empty());
}

}  // namespace suffice
