// What an engine keeps over a restart, a new configuration and the fit of its own features.
#include "catch.h"
#include "engine_testing.h"
#include "suffice/engine.h"
#include "suffice/status.h"

namespace suffice {
namespace {

bool StartsWith(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

Config FittingConfig() {
  Config config = ThreeTierConfig();
  config.features.fit_after_prompts = 300;
  config.features.dimensions = 8;
  return config;
}

// Goes on routing and learning, as a server does, until the fitted projection is in use. Returns the next prompt's
// number.
int RouteUntilFitted(Engine& engine, int next) {
  for (int round = 0; round < 100000 && !StartsWith(engine.Status().feature_set, "svd-"); ++round, ++next) {
    Tell(engine, MustRoute(engine, PromptNumber(next)), 0.5);
    REQUIRE(engine.Sync().ok());
  }
  REQUIRE(StartsWith(engine.Status().feature_set, "svd-"));
  return next;
}

}  // namespace

TEST_CASE("closing and opening resumes at the same statistics") {
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  Teach(*engine, 0, 700, {0.2, 0.5, 0.9}, 50);
  const Decision before = Look(*engine, "Prove that the sum is even.");
  REQUIRE(engine->Close().ok());
  engine = MustOpen(store, ThreeTierConfig());
  const Decision after = Look(*engine, "Prove that the sum is even.");
  CheckSamePredictions(before, after);
  CHECK(after.snapshot > before.snapshot);
  CHECK(engine->Status().observations == 700);
  Teach(*engine, 700, 710, {0.2, 0.5, 0.9});
  CHECK(engine->Status().observations == 710);
}

TEST_CASE("a log whose kept states are lost is folded again to the same statistics") {
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  Teach(*engine, 0, 500, {0.2, 0.5, 0.9}, 50);
  const Decision before = Look(*engine, "Prove that the sum is even.");
  REQUIRE(engine->Close().ok());
  Execute(store, "UPDATE snapshots SET state = NULL");
  engine = MustOpen(store, ThreeTierConfig());
  CheckSamePredictions(before, Look(*engine, "Prove that the sum is even."));
}

TEST_CASE("a second engine on the same file is refused, and may open it after the first is closed") {
  Store store;
  auto engine = MustOpen(store, ThreeTierConfig());
  const auto second = Engine::Open({.config = ThreeTierConfig(), .database = store.path()});
  CHECK(second.status().code() == absl::StatusCode::kFailedPrecondition);
  MustRoute(*engine, "still serving");
  REQUIRE(engine->Close().ok());
  MustRoute(*MustOpen(store, ThreeTierConfig()), "serving again");
}

TEST_CASE("a reload keeps everything learned, and refuses what needs a restart by its key") {
  Store store;
  Config config = ThreeTierConfig();
  auto engine = MustOpen(store, config);
  Teach(*engine, 0, 400, {0.2, 0.5, 0.9}, 50);
  const Decision before = Look(*engine, PromptNumber(5));

  Config other = config;
  other.features.dimensions = 16;
  absl::Status refused = engine->Reload(other);
  CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(StartsWith(std::string(refused.message()), "features:"));
  other = config;
  other.log.keep_probability = 0.5;
  refused = engine->Reload(other);
  CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(StartsWith(std::string(refused.message()), "log:"));
  other = config;
  other.policy.kind = PolicyKind::kFixed;
  CHECK(engine->Reload(other).code() == absl::StatusCode::kInvalidArgument);
  CHECK(engine->CurrentConfig() == config);

  Config dearer = config;
  dearer.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 1e6};
  REQUIRE(engine->Reload(dearer).ok());
  CHECK(engine->CurrentConfig() == dearer);
  const Decision after = Look(*engine, PromptNumber(5));
  CheckSamePredictions(before, after);
  CHECK(before.tiers[2].propensity > 0.5);
  CHECK(after.tiers[0].propensity > 0.99);
  CHECK(engine->Status().config_hash == dearer.Hash());
}

TEST_CASE("a tier added by a reload is used, and one removed leaves its history behind") {
  Store store;
  Config config = ThreeTierConfig();
  config.policy.kind = PolicyKind::kRandom;
  auto engine = MustOpen(store, config);
  Teach(*engine, 0, 900, {0.2, 0.5, 0.9}, 100);
  const Decision before = Look(*engine, PromptNumber(5));

  Config four = config;
  four.tiers.insert(four.tiers.begin(), {.name = "tiny", .model = "m-tiny", .price = {0.01, 0.02}});
  REQUIRE(engine->Reload(four).ok());
  const Decision added = Look(*engine, PromptNumber(5));
  REQUIRE(added.tiers.size() == 4);
  CHECK(added.tiers[0].propensity == 0.25);
  CHECK(added.tiers[0].observations == 20);  // pseudo-observations: policy.new_tier.weight
  CHECK(added.tiers[0].quality == Approx((0.2 + 0.5 + 0.9) / 3).margin(0.1));  // the mean of the others
  CHECK(added.tiers[3].quality == before.tiers[2].quality);

  Config two = config;
  two.tiers.erase(two.tiers.begin() + 1);
  REQUIRE(engine->Reload(two).ok());
  const Decision removed = Look(*engine, PromptNumber(5));
  REQUIRE(removed.tiers.size() == 2);
  CHECK(removed.tiers[1].quality == before.tiers[2].quality);
  RouteRequest pinned;
  pinned.prompt = "hello";
  pinned.pinned_tier = "medium";
  CHECK(FieldOf(engine->Route(pinned).status()) == std::string("pinned_tier"));

  REQUIRE(engine->Reload(config).ok());
  CheckSamePredictions(before, Look(*engine, PromptNumber(5)));
}

TEST_CASE("another half-life folds the log again") {
  Store store;
  Config config = ThreeTierConfig();
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "small";
  config.drift.enabled = false;  // which would otherwise see a change, the later the learner comes to learn
  config.policy.half_life = 0;
  auto engine = MustOpen(store, config);
  for (int i = 0; i < 1024; ++i) Tell(*engine, MustRoute(*engine, "hello"), i < 512 ? 1 : 0);
  REQUIRE(engine->Sync().ok());
  CHECK(Look(*engine, "hello").tiers[0].quality == Approx(0.5).margin(0.02));
  config.policy.half_life = 100;
  REQUIRE(engine->Reload(config).ok());
  CHECK(Look(*engine, "hello").tiers[0].quality < 0.1);
  CHECK(engine->Status().observations > 500);
}

TEST_CASE("the engine fits its projection by itself while decisions go on, and keeps it over a restart") {
  Store store;
  const Config config = FittingConfig();
  auto engine = MustOpen(store, config);
  Teach(*engine, 0, 299, {0.2, 0.5, 0.9}, 100);
  CHECK(StartsWith(engine->Status().feature_set, "counted-"));
  const int told = RouteUntilFitted(*engine, 299);
  const std::string fitted = engine->Status().feature_set;
  const Decision before = Look(*engine, PromptNumber(7));
  REQUIRE(engine->Sync().ok());
  CHECK(engine->Status().observations == told);  // nothing is lost to the change of features
  REQUIRE(engine->Close().ok());

  engine = MustOpen(store, config);
  CHECK(engine->Status().feature_set == fitted);
  CHECK(engine->Status().observations == told);
  CheckSamePredictions(before, Look(*engine, PromptNumber(7)));
  CHECK(SelectInteger(store, "SELECT count(*) FROM feature_sets") == 1);
}

TEST_CASE("without sketches in the log nothing is fitted") {
  Store store;
  Config config = FittingConfig();
  config.log.prompts = PromptLogging::kNone;
  auto engine = MustOpen(store, config);
  Teach(*engine, 0, 400, {0.2, 0.5, 0.9}, 50);
  REQUIRE(engine->Close().ok());
  CHECK(SelectInteger(store, "SELECT count(*) FROM feature_sets") == 0);
}

}  // namespace suffice
