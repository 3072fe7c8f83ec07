// Events of a replay: what is read, what is refused, what they do to the world and what the learner makes of it.
#include "evaluation/replay_event.h"

#include "catch.h"
#include "evaluation/replay.h"
#include "suffice/status.h"

namespace suffice {
namespace {

Config TwoTiers() {
  Config config;
  config.tiers.push_back({.name = "a", .model = "a", .price = {.input_usd_per_mtok = 1, .output_usd_per_mtok = 2}});
  config.tiers.push_back({.name = "b", .model = "b", .price = {.input_usd_per_mtok = 1, .output_usd_per_mtok = 2}});
  config.policy.kind = PolicyKind::kIgw;
  return config;
}

// Rows on which "a" is better than "b" by 0.05, at the same cost.
Traffic SteadyTraffic(int rows) {
  Traffic traffic{.tier_names = {"a", "b"}};
  for (int i = 0; i < rows; ++i) {
    const double noise = ((i * 37) % 21 - 10) * 0.01;
    TrafficRow row{.id = std::to_string(i), .prompt = "question number " + std::to_string(i % 50)};
    for (const double quality : {0.85, 0.80}) {
      row.tiers.push_back(
          {.quality = quality + noise, .cost_usd = 2e-4, .latency_ms = 900, .input_tokens = 20, .output_tokens = 90});
    }
    traffic.rows.push_back(row);
  }
  return traffic;
}

ReplayOptions DropOfA() {
  ReplayOptions options{.config = TwoTiers(), .traffic = SteadyTraffic(1600), .warmup = SteadyTraffic(600)};
  options.events = {{.at = 800, .tier = "a", .quality = 0.8}};
  options.window = 100;
  options.seeds = 2;
  return options;
}

double ShareOfA(const ReplayReport& report, int64_t window_end) {
  for (const LearningPoint& point : report.learning_curve) {
    if (point.decisions == window_end) return point.tier_share[0];
  }
  return -1;
}

}  // namespace

TEST_CASE("an event is read whole") {
  const auto event = ParseReplayEvent("at=1801,tier=mistral-large,quality=0.82,cost=0.1,price=2,warmup=true");
  REQUIRE(event.ok());
  CHECK(event->at == 1801);
  CHECK(event->tier == "mistral-large");
  CHECK(event->quality == 0.82);
  CHECK(event->cost == 0.1);
  CHECK(event->price == 2);
  CHECK(event->warmup);
}

TEST_CASE("a bad event is refused, and the key named") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "event"},
      {"at=5", "tier: missing"},
      {"tier=a,quality=1", "at: missing"},
      {"at=5,tier=a", "quality, cost or price"},
      {"at=-1,tier=a,quality=1", "at: expected a number of decisions"},
      {"at=x,tier=a,quality=1", "at: expected"},
      {"at=5,tier=,quality=1", "tier: expected"},
      {"at=5,tier=a,quality=-1", "quality: expected a factor"},
      {"at=5,tier=a,quality=0.8x", "quality: expected a factor"},
      {"at=5,tier=a,cost=nan", "cost: expected a factor"},
      {"at=5,tier=a,speed=2", "speed: unknown"},
      {"at=5,tier=a,price=1,price=2", "price: stands twice"},
      {"at=5,tier=a,price=1,warmup=1", "warmup: expected true or false"},
      {"at=5,,tier=a,price=1", "event"},
  };
  for (const auto& [text, message] : cases) {
    INFO(text);
    const auto event = ParseReplayEvent(text);
    REQUIRE_FALSE(event.ok());
    CHECK(event.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(event.status().message()), Catch::Contains(message));
  }
}

TEST_CASE("an event must be of a known tier, within the traffic") {
  const Config config = TwoTiers();
  CHECK(CheckReplayEvents({{.at = 9, .tier = "a"}}, config, 10).ok());
  CHECK_FALSE(CheckReplayEvents({{.at = 10, .tier = "a"}}, config, 10).ok());
  CHECK_FALSE(CheckReplayEvents({{.at = 0, .tier = "c"}}, config, 10).ok());
}

TEST_CASE("events on a tier multiply, and prices follow") {
  const Config config = TwoTiers();
  const std::vector<ReplayEvent> events = {{.at = 10, .tier = "a", .quality = 0.5, .price = 0.1},
                                           {.at = 20, .tier = "a", .quality = 2, .cost = 3, .warmup = true}};
  CHECK(FactorsAt(events, config, 9)[0].quality == 1);
  const auto at_10 = FactorsAt(events, config, 10);
  CHECK(at_10[0].QualityOf(0.8) == Approx(0.4));
  CHECK(at_10[0].cost == Approx(0.1));
  const auto at_20 = FactorsAt(events, config, 20);
  CHECK(at_20[0].quality == 1);
  CHECK(at_20[0].cost == Approx(0.3));
  CHECK(at_20[0].price == Approx(0.1));
  CHECK(at_20[1].cost == 1);
  CHECK(WithPrices(config, at_20).tiers[0].price.output_usd_per_mtok == Approx(0.2));
  CHECK(WithPrices(config, at_20).tiers[1].price.output_usd_per_mtok == 2);
  const auto warmup = WarmupFactors(events, config);
  CHECK(warmup[0].quality == 2);
  CHECK(warmup[0].QualityOf(0.8) == 1);
  CHECK(warmup[0].price == 1);
}

TEST_CASE("a silent drop is noticed and left behind; with drift disabled it is not noticed") {
  ReplayOptions options = DropOfA();
  const auto noticed = Replay(options);
  REQUIRE(noticed.ok());
  options.config.drift.enabled = false;
  options.config.policy.half_life = 0;
  const auto unnoticed = Replay(options);
  REQUIRE(unnoticed.ok());
  for (const SeedReport& seed : noticed->per_seed) {
    REQUIRE_FALSE(seed.drift_alarms.empty());
    CHECK(seed.drift_alarms.front().tier == "a");
    CHECK(seed.drift_alarms.front().drop);
    CHECK(seed.drift_alarms.front().decision > 800);
    CHECK(seed.drift_alarms.front().decision < 900);
  }
  CHECK(ShareOfA(*noticed, 800) > 0.9);
  CHECK(ShareOfA(*noticed, 1100) < 0.3);
  for (const SeedReport& seed : unnoticed->per_seed) CHECK(seed.drift_alarms.empty());
  CHECK(ShareOfA(*unnoticed, 1100) > ShareOfA(*noticed, 1100) + 0.2);
  // The report counts what was really delivered.
  CHECK(noticed->quality_mean < 0.85);
  CHECK(noticed->quality_mean > unnoticed->quality_mean);
}

TEST_CASE("an announced price is in the configuration's prices and in the bills at once") {
  ReplayOptions options{.config = TwoTiers(), .traffic = SteadyTraffic(600), .warmup = SteadyTraffic(400)};
  options.config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 1000};
  options.events = {{.at = 300, .tier = "b", .price = 0.1}};
  options.window = 50;
  const auto report = Replay(options);
  REQUIRE(report.ok());
  CHECK(ShareOfA(*report, 300) > 0.9);
  CHECK(ShareOfA(*report, 400) < 0.1);
  CHECK(report->learning_curve.back().cost_usd < 0.5e-4);
}

TEST_CASE("a tier that the warm-up rows lack is new, and is found when it is better") {
  ReplayOptions options{.config = TwoTiers(), .traffic = SteadyTraffic(600), .warmup = SteadyTraffic(400)};
  for (TrafficRow& row : options.warmup->rows) row.tiers[0] = {.known = false};
  options.window = 100;
  const auto report = Replay(options);
  REQUIRE(report.ok());
  CHECK(ShareOfA(*report, 600) > 0.5);
}

}  // namespace suffice
