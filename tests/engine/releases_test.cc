// Releases in a running engine: promotion, rollback, restart, the ramp with its automatic stop.
#include <cmath>
#include <map>

#include "catch.h"
#include "engine/ramp.h"
#include "engine_testing.h"
#include "learner/learner.h"
#include "learner/release.h"
#include "log/event_log.h"
#include "log/release_store.h"
#include "log/sqlite_log_for_reading.h"
#include "suffice/engine.h"

namespace suffice {
namespace {

// A release on the engine's own features, whose prior says that each tier has the given quality.
int64_t SaveRelease(const Store& store, const std::map<std::string, double>& quality, const std::string& note,
                    const ConfigOverrides& overrides = {}) {
  auto log = OpenSqliteLogForReading(store.path());
  REQUIRE(log.ok());
  const FeatureSetPtr features = MakeCountedFeatures({});
  const int d = features->dimensions();
  Release release{.features = features, .overrides = overrides};
  release.decision_seq = *(*log)->LastDecisionSeq();
  const auto tail = (*log)->ReadTail({}, 1 << 30);
  REQUIRE(tail.ok());
  release.cursor = tail->end;
  for (const auto& [tier, mean] : quality) {
    TierFit fit{.quality = RidgeStatistics(d), .output_tokens = RidgeStatistics(d), .latency = RidgeStatistics(d)};
    std::vector<float> x(static_cast<size_t>(d), 0.0F);
    x[0] = 1;
    fit.quality.Add(x, 400, mean);
    fit.output_tokens.Add(x, 400, std::log(101.0));
    fit.latency.Add(x, 400, std::log(500.0));
    fit.labels = 400;
    release.tiers.emplace(tier, std::move(fit));
  }
  auto saving = ReleaseStore::Open(store.path());
  REQUIRE(saving.ok());
  const auto number = (*saving)->Save(
      {.kind = "refit", .feature_version = features->version(), .fit = EncodeFit(release), .note = note},
      features->Serialize());
  REQUIRE(number.ok());
  return *number;
}

void Promote(const Store& store, PromotionRecord promotion) {
  auto releases = ReleaseStore::Open(store.path());
  REQUIRE(releases.ok());
  const auto seq = (*releases)->Promote(std::move(promotion));
  INFO(seq.status().ToString());
  REQUIRE(seq.ok());
}

Config QualityConfig() {
  Config config = ThreeTierConfig();
  config.objective = {};
  config.policy.kind = PolicyKind::kEpsilonGreedy;
  config.policy.epsilon = 0;
  return config;
}

constexpr char kPrompt[] = "Prove that the sum is even.";

}  // namespace

TEST_CASE("a promotion from beside is followed by the running engine, and so is the way back") {
  Store store;
  auto engine = MustOpen(store, QualityConfig());
  Teach(*engine, 0, 300, {0.2, 0.5, 0.9}, 50);
  const Decision before = Look(*engine, kPrompt);
  REQUIRE(before.tier == "large");
  const int64_t release = SaveRelease(store, {{"small", 0.95}, {"medium", 0.5}, {"large", 0.3}}, "small is enough");
  REQUIRE(release == 1);

  Promote(store, {.release = release, .reason = "test"});
  REQUIRE(engine->Sync().ok());
  CHECK(engine->Status().release == 1);
  const Decision on_release = MustRoute(*engine, kPrompt);
  CHECK(on_release.tier == "small");
  CHECK(on_release.quality.value == Approx(0.95).margin(0.02));

  Promote(store, {.release = 0, .reason = "back"});
  REQUIRE(engine->Sync().ok());
  CHECK(engine->Status().release == 0);
  CheckSamePredictions(before, Look(*engine, kPrompt));
  REQUIRE(engine->Close().ok());
  const std::vector<DecisionRecord> rows = ReadDecisions(store);
  CHECK(rows.back().release == 1);
  CHECK(rows.front().release == 0);
}

TEST_CASE("what is learned on a release outlives a restart, with and without a kept state") {
  Store store;
  auto engine = MustOpen(store, QualityConfig());
  Teach(*engine, 0, 100, {0.2, 0.5, 0.9}, 50);
  Promote(store, {.release = SaveRelease(store, {{"small", 0.9}, {"medium", 0.5}, {"large", 0.3}}, "one")});
  REQUIRE(engine->Sync().ok());
  Teach(*engine, 100, 300, {0.7, 0.5, 0.9}, 50);
  const Decision before = Look(*engine, kPrompt);
  REQUIRE(before.quality.value < 0.85);  // what came after the release teaches
  REQUIRE(engine->Close().ok());
  engine = MustOpen(store, QualityConfig());
  CHECK(engine->Status().release == 1);
  CheckSamePredictions(before, Look(*engine, kPrompt));
  REQUIRE(engine->Close().ok());
  Execute(store, "UPDATE snapshots SET state = NULL");
  engine = MustOpen(store, QualityConfig());
  CheckSamePredictions(before, Look(*engine, kPrompt));
}

TEST_CASE("feedback for a decision that the release was fitted on waits for the next refit") {
  Store store;
  auto engine = MustOpen(store, QualityConfig());
  const Decision old = MustRoute(*engine, kPrompt);
  REQUIRE(engine->Sync().ok());
  Promote(store, {.release = SaveRelease(store, {{"small", 0.9}, {"medium", 0.5}, {"large", 0.3}}, "one")});
  REQUIRE(engine->Sync().ok());
  const Decision before = Look(*engine, kPrompt);
  Tell(*engine, old, 0.0);
  REQUIRE(engine->Sync().ok());
  CheckSamePredictions(before, Look(*engine, kPrompt));
}

TEST_CASE("a release's keys lie over the operator's configuration, also after a reload") {
  Store store;
  auto engine = MustOpen(store, QualityConfig());
  const int64_t release = SaveRelease(store, {{"small", 0.9}}, "tuned", {"policy.epsilon_greedy.epsilon=0.3"});
  Promote(store, {.release = release});
  REQUIRE(engine->Sync().ok());
  CHECK(engine->CurrentConfig().policy.epsilon == 0.3);
  Config other = QualityConfig();
  other.name = "other";
  other.policy.epsilon = 0.1;
  REQUIRE(engine->Reload(other).ok());
  CHECK(engine->CurrentConfig().name == "other");
  CHECK(engine->CurrentConfig().policy.epsilon == 0.3);
  Promote(store, {.release = 0});
  REQUIRE(engine->Sync().ok());
  CHECK(engine->CurrentConfig().policy.epsilon == 0.1);
}

TEST_CASE("a release's key of the features does not stand in the way of a reload") {
  Store store;
  auto engine = MustOpen(store, QualityConfig());
  Promote(store, {.release = SaveRelease(store, {{"small", 0.9}}, "tuned", {"features.few_labels=0"})});
  REQUIRE(engine->Sync().ok());
  REQUIRE(engine->CurrentConfig().features.few_labels == 0);
  Config other = QualityConfig();
  other.name = "other";
  REQUIRE(engine->Reload(other).ok());
  CHECK(engine->CurrentConfig().name == "other");
  CHECK(engine->CurrentConfig().features.few_labels == 0);
  other.features.few_labels = 100;
  CHECK(engine->Reload(other).code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("a reload that the release's keys do not fit is refused whole") {
  Store store;
  auto engine = MustOpen(store, QualityConfig());
  const ConfigOverrides keys = {"policy.kind=fixed", "policy.fixed.tier=small"};
  Promote(store, {.release = SaveRelease(store, {{"small", 0.9}}, "small alone", keys)});
  REQUIRE(engine->Sync().ok());
  Config without_small = QualityConfig();
  without_small.tiers.erase(without_small.tiers.begin());
  without_small.limits.cost.budgets = {{.name = "daily", .usd = 1e-9, .kind = BudgetKind::kSoft}};
  const absl::Status refused = engine->Reload(without_small);
  CHECK(refused.code() == absl::StatusCode::kInvalidArgument);
  CHECK(refused.message().find("policy.fixed.tier") != std::string_view::npos);
  CHECK(engine->CurrentConfig().tiers.size() == 3);
  CHECK(engine->Status().budgets.empty());
  CHECK(MustRoute(*engine, kPrompt).tier == "small");
}

TEST_CASE("a ramp takes its share of the decisions, and a conversation stays on one side") {
  const DecisionId id = DecisionId::FromRaw(std::string(16, 'x'));
  int taken = 0;
  for (int i = 0; i < 20000; ++i) taken += TakesCandidate("t", "session " + std::to_string(i), id, 0.05);
  CHECK(taken == Approx(1000).margin(120));  // four standard deviations
  for (int i = 0; i < 500; ++i) {
    const std::string session = std::to_string(i);
    if (TakesCandidate("t", session, id, 0.05)) CHECK(TakesCandidate("t", session, id, 0.25));
  }
}

namespace {

// Routes and rewards until the newest promotion is another one; the number of decisions made.
int RouteUntilPromoted(Engine& engine, const Store& store, int first, const std::map<std::string, double>& reward) {
  const std::string count = "SELECT count(*) FROM promotions";
  const int64_t before = SelectInteger(store, count);
  int n = first;
  for (; n < first + 20000 && SelectInteger(store, count) == before; ++n) {
    const Decision decision = MustRoute(engine, PromptNumber(n));
    Tell(engine, decision, reward.at(decision.tier));
    if (n % 50 == 0) REQUIRE(engine.Sync().ok());
  }
  REQUIRE(engine.Sync().ok());
  REQUIRE(SelectInteger(store, count) > before);
  return n - first;
}

}  // namespace

TEST_CASE("a ramp goes on to the end while the candidate does well") {
  Store store;
  Config config = QualityConfig();
  config.nightly.ramp_decisions = 20;
  auto engine = MustOpen(store, config);
  Teach(*engine, 0, 200, {0.2, 0.5, 0.9}, 50);
  const int64_t release = SaveRelease(store, {{"small", 0.3}, {"medium", 0.95}, {"large", 0.5}}, "medium");
  Promote(store, {.release = release, .share = 0.25, .base = 0});
  REQUIRE(engine->Sync().ok());
  CHECK(engine->Status().ramp_release == release);
  CHECK(engine->Status().ramp_share == 0.25);
  RouteUntilPromoted(*engine, store, 1000, {{"small", 0.2}, {"medium", 0.95}, {"large", 0.9}});
  CHECK(engine->Status().release == release);
  CHECK(engine->Status().ramp_share == 0);
  CHECK(MustRoute(*engine, kPrompt).tier == "medium");
}

TEST_CASE("a ramp stops by itself when the candidate proves to be worse, also over a restart") {
  Store store;
  Config config = QualityConfig();
  config.nightly.ramp_decisions = 100000;
  // One that learns would leave the small tier before it is proven to be worse.
  auto engine = MustOpen(store, config);
  Teach(*engine, 0, 200, {0.2, 0.5, 0.9}, 50);
  const int64_t release =
      SaveRelease(store, {{"small", 0.95}}, "small alone", {"policy.kind=fixed", "policy.fixed.tier=small"});
  Promote(store, {.release = release, .share = 0.25, .base = 0});
  REQUIRE(engine->Sync().ok());
  const std::map<std::string, double> reward = {{"small", 0.2}, {"medium", 0.5}, {"large", 0.9}};
  for (int n = 1000; n < 1040; ++n) {
    const Decision decision = MustRoute(*engine, PromptNumber(n));
    Tell(*engine, decision, reward.at(decision.tier));
  }
  REQUIRE(engine->Close().ok());
  engine = MustOpen(store, config);
  REQUIRE(engine->Sync().ok());
  REQUIRE(engine->Status().ramp_release == release);
  RouteUntilPromoted(*engine, store, 2000, reward);
  CHECK(engine->Status().release == 0);
  CHECK(engine->Status().ramp_release == 0);
  CHECK(MustRoute(*engine, kPrompt).tier == "large");
  auto releases = ReleaseStore::Open(store.path());
  REQUIRE(releases.ok());
  CHECK((*releases)->Promotions()->back().reason.find("stopped") != std::string::npos);
}

}  // namespace suffice
