// The nightly job as a real process against a provider over real sockets: killed in every step, and failed at in every
// way, it comes to the same end, and pays nothing twice.
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "catch.h"
#include "fake_provider_process.h"
#include "features/feature_set.h"
#include "integration/child_process.h"
#include "integration/test_server.h"
#include "learner/release.h"
#include "log/release_store.h"
#include "log/sqlite.h"

namespace suffice {
namespace {

constexpr int kSamples = 60, kTiers = 3;
constexpr int kFinished = 6;  // runs.done

// What the job is to work with: a log with prompts, left by a policy that did not look at them.
class Night {
 public:
  Night() {
    RunOk({"generate-traffic", "--rows", "600", "--seed", "3", "--out", Path("traffic.jsonl")});
    WritePolicy("http://127.0.0.1:1/v1");
    RunOk({"replay", "--config", Path("policy.yaml"), "--set", "policy.kind=random", "--tiers-from-traffic",
           "--traffic", Path("traffic.jsonl"), "--db", Path("log.db")});
  }

  void WritePolicy(const std::string& base_url, const std::string& provider_keys = "") const {
    std::ofstream(Path("policy.yaml"))
        << "name: night\n"
           "tiers:\n"
           "  - {name: small, model: small, price: {input_usd_per_mtok: 0.15, output_usd_per_mtok: 0.6}}\n"
           "  - {name: medium, model: medium, price: {input_usd_per_mtok: 1, output_usd_per_mtok: 4}}\n"
           "  - {name: large, model: large, price: {input_usd_per_mtok: 3, output_usd_per_mtok: 15}}\n"
           "policy: {kind: thompson}\n"
           "objective: {kind: weighted, cost_weight: 20}\n"
           "log: {prompts: full}\n"
        << "providers: [{name: fake, base_url: \"" << base_url << "\", max_concurrency: 2" << provider_keys << "}]\n"
        << "judges: [{name: rubric, model: judge, price: {input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.4}}]\n"
        << fmt::format("nightly: {{sample: {}, run_budget_usd: 100, judge_budget_usd: 100}}\n", kSamples);
  }
  // A copy of the log to work on.
  std::string Log(const std::string& name) const {
    std::filesystem::copy_file(Path("log.db"), Path(name));
    return Path(name);
  }
  std::vector<std::string> Command(const std::string& db) const {
    return {"nightly", "--config", Path("policy.yaml"), "--db", db, "--report", db + ".json", "--html", db + ".html"};
  }
  std::string Path(const std::string& name) const { return folder_.Path(name); }
  std::vector<std::string> Traffic() const { return {"--traffic", Path("traffic.jsonl"), "--judge-noise", "0.05"}; }

  static void RunOk(const std::vector<std::string>& args) {
    ChildProcess process(args);
    const Exit exit = process.Wait();
    INFO(process.out() << process.err());
    REQUIRE(exit.code == 0);
  }

 private:
  TempFolder folder_;
};

// A number out of a work file that another process writes; 0 while it is not there.
int64_t Look(const std::string& work, const std::string& sql) {
  if (!std::filesystem::exists(work)) return 0;
  auto database = Database::Open(work, Database::Access::kReadOnly);
  if (!database.ok()) return 0;
  const auto number = database->QueryInt(sql);
  return number.ok() ? *number : 0;
}

int64_t Done(const std::string& db) { return Look(db + ".nightly", "SELECT done FROM runs WHERE number = 1"); }

struct Outcome {
  std::string verdict;
  Release release;
};

Outcome OutcomeOf(const std::string& db) {
  auto database = Database::Open(db + ".nightly", Database::Access::kReadOnly);
  REQUIRE(database.ok());
  auto row = database->Prepare("SELECT verdict, fit, feature_version, feature_bytes FROM results WHERE run = 1");
  REQUIRE(row.ok());
  REQUIRE(*row->Step());
  const auto features = LoadFeatureSet(row->String(3), FeatureConfig());
  REQUIRE(features.ok());
  ReleaseRecord record;
  record.fit = row->String(1);
  record.feature_version = static_cast<uint64_t>(row->Int(2));
  auto release = DecodeRelease(record, *features);
  REQUIRE(release.ok());
  return {row->String(0), *std::move(release)};
}

// All but what was measured in milliseconds, which no two runs have alike.
void CheckSame(const Release& a, const Release& b) {
  CHECK(a.features->version() == b.features->version());
  CHECK(a.cursor == b.cursor);
  CHECK(a.overrides == b.overrides);
  REQUIRE(a.tiers.size() == b.tiers.size());
  for (const auto& [name, tier] : a.tiers) {
    const TierFit& other = b.tiers.at(name);
    CHECK(tier.quality.S() == other.quality.S());
    CHECK(tier.quality.b() == other.quality.b());
    CHECK(tier.output_tokens.S() == other.output_tokens.S());
    CHECK(tier.output_tokens.b() == other.output_tokens.b());
    CHECK(tier.latency.S() == other.latency.S());
    CHECK(tier.labels == other.labels);
    CHECK(tier.calibration.quality_offset == other.calibration.quality_offset);
    CHECK(tier.calibration.quality_slope == other.calibration.quality_slope);
    CHECK(tier.calibration.cost_scale == other.calibration.cost_scale);
  }
}

size_t PromotionsIn(const std::string& db) {
  const auto store = ReleaseStore::Open(db);
  REQUIRE(store.ok());
  return (*store)->Promotions()->size();
}

// Starts the job and kills it as soon as `reached`, or lets it end by itself before.
template <typename Reached>
void KillWhen(const Night& night, const std::string& db, const Reached& reached) {
  ChildProcess job(night.Command(db));
  while (!reached() && Done(db) < kFinished) std::this_thread::yield();
  job.Signal(SIGKILL);
  job.Wait();
}

TEST_CASE("a nightly job that is killed in every step ends as one that was not, and pays nothing twice",
          "[integration][nightly]") {
  const Night night;
  std::string whole = night.Log("whole.db"), killed = night.Log("killed.db");
  {
    const FakeProvider provider(night.Traffic());
    night.WritePolicy(provider.base_url());
    Night::RunOk(night.Command(whole));
    CHECK(provider.Stats()["billed_calls"] == 2 * kSamples * kTiers);
  }
  const FakeProvider provider(night.Traffic());
  night.WritePolicy(provider.base_url());
  const std::string work = killed + ".nightly";
  int64_t kills = 0;
  const auto kill_when = [&](const std::string& sql, int64_t count) {
    if (Done(killed) == kFinished) return;
    KillWhen(night, killed, [&] { return Look(work, sql) >= count; });
    ++kills;
  };
  kill_when("SELECT count(*) FROM runs", 1);
  kill_when("SELECT done FROM runs", 1);
  for (const int answers : {1, 50, 51, 120, 179}) kill_when("SELECT count(*) FROM answers", answers);
  kill_when("SELECT done FROM runs", 2);
  for (const int scores : {1, 60, 150}) kill_when("SELECT count(*) FROM scores", scores);
  for (const int step : {3, 4, 5}) kill_when("SELECT done FROM runs", step);
  INFO(kills << " kills");
  CHECK(kills >= 10);
  if (Done(killed) < kFinished) Night::RunOk(night.Command(killed));
  CHECK(Done(killed) == kFinished);

  const nlohmann::json stats = provider.Stats();
  CHECK(stats["keys_billed_twice"] == 0);
  CHECK(stats["repeated_work"] == 0);
  CHECK(stats["billed_calls"] == 2 * kSamples * kTiers);
  const Outcome a = OutcomeOf(whole), b = OutcomeOf(killed);
  CHECK(a.verdict == b.verdict);
  CHECK(a.verdict.find("\"verdict\":\"promote\"") != std::string::npos);
  CheckSame(a.release, b.release);
  CHECK(PromotionsIn(whole) == 1);
  CHECK(PromotionsIn(killed) == 1);
}

TEST_CASE("a nightly job ends with a verdict though its provider fails in every way", "[integration][nightly]") {
  const Night night;
  std::vector<std::string> args = night.Traffic();
  for (const char* failure :
       {"kind=429,retry_after=0.01,every=11", "kind=500,every=13", "kind=hang,at=5", "kind=cut,every=17",
        "kind=malformed,every=19", "kind=wrong_model,every=23", "kind=refusal,every=29"}) {
    args.insert(args.end(), {"--fail", failure});
  }
  const FakeProvider provider(args);
  night.WritePolicy(provider.base_url(), ", timeout_s: 2");
  const std::string db = night.Log("failing.db");
  Night::RunOk(night.Command(db));
  std::ifstream report(db + ".json");
  const nlohmann::json json = nlohmann::json::parse(report);
  CHECK(json["samples"] == kSamples);
  CHECK(json["evaluations"] > 0);
  int64_t refusals = 0, wrong = 0;
  for (const auto& tier : json["failures"]) {
    refusals += tier["refusals"].get<int64_t>();
    wrong += tier["wrong_model"].get<int64_t>();
  }
  CHECK(refusals > 0);
  CHECK(wrong > 0);
  CHECK(provider.Stats()["keys_billed_twice"] == 0);
  CHECK(std::filesystem::file_size(db + ".html") > 10000);
}

TEST_CASE("a nightly job without prompts, or with a broken budget, says what to do, and goes on with it",
          "[integration][nightly]") {
  const Night night;
  const FakeProvider provider(night.Traffic());
  night.WritePolicy(provider.base_url());
  const std::string db = night.Log("budget.db");
  std::vector<std::string> command = night.Command(db);
  command.insert(command.end(), {"--set", "nightly.run_budget_usd=0.1"});
  ChildProcess poor(command);
  CHECK(poor.Wait().code == 1);
  CHECK(poor.err().find("nightly.run_budget_usd") != std::string::npos);
  command.back() = "nightly.run_budget_usd=50";
  command.push_back("--no-promote");
  Night::RunOk(command);
  CHECK(provider.Stats()["keys_billed_twice"] == 0);
  CHECK(PromotionsIn(db) == 0);
}

}  // namespace
}  // namespace suffice
