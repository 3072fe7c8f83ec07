// What budgets make of the clock: leap days, days of 23 and 25 hours, and a clock that is set back.
#include "absl/time/time.h"
#include "base/ids.h"
#include "catch.h"
#include "engine/engine_seams.h"
#include "engine/steady_clock.h"
#include "engine_testing.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr int64_t kMinute = 60'000'000;

int64_t At(const char* text) {
  absl::Time time;
  std::string error;
  REQUIRE(absl::ParseTime(absl::RFC3339_full, text, &time, &error));
  return absl::ToUnixMicros(time);
}

// Two calls a day at $0.001, by the days of a zone.
Config TwoADay(const std::string& zone) {
  Config config;
  config.tiers.push_back({.name = "only", .model = "m", .price = {0, 10}, .max_output_tokens = 100});
  config.features.fit_after_prompts = 0;
  config.limits.cost.budgets.push_back({.name = "day", .usd = 2e-3, .time_zone = zone, .lease_s = 1e6});
  return config;
}

std::unique_ptr<Engine> Open(const Store& store, const Config& config, const Clock* clock) {
  const EngineSeams seams(clock, RandomSeed());
  auto engine = Engine::Open({.config = config, .database = store.path()});
  INFO(engine.status().ToString());
  REQUIRE(engine.ok());
  return *std::move(engine);
}

// How many calls of ten the budget covers.
int Covered(Engine& engine) {
  int covered = 0;
  for (int i = 0; i < 10; ++i) {
    const auto decision = engine.Route({.prompt = "hello"});
    covered += decision.ok();
    if (!decision.ok()) CHECK(StatedReason(decision.status()) == "BUDGET_EXHAUSTED");
  }
  return covered;
}

}  // namespace

TEST_CASE("the engine's time stands still for a small step back, and follows a large one") {
  ManualClock clock(At("2026-11-27T12:00:00Z"));
  const SteadyClock steady(&clock);
  const int64_t noon = steady.NowMicros();
  CHECK(noon == clock.NowMicros());
  clock.Advance(-59 * kMinute);
  CHECK(steady.NowMicros() == noon);
  clock.Advance(60 * kMinute);
  CHECK(steady.NowMicros() == noon + kMinute);
  clock.Advance(-61 * kMinute);
  CHECK(steady.NowMicros() == clock.NowMicros());
  steady.Recall(noon);
  CHECK(steady.NowMicros() == noon);
}

TEST_CASE("the 29th of February has a budget of its own, in leap years alone") {
  const Store store;
  ManualClock clock(At("2028-02-28T23:59:00Z"));
  const auto engine = Open(store, TwoADay("UTC"), &clock);
  CHECK(Covered(*engine) == 2);
  clock.Set(At("2028-02-29T00:00:00Z"));
  CHECK(Covered(*engine) == 2);
  clock.Set(At("2028-02-29T23:59:59Z"));
  CHECK(Covered(*engine) == 0);
  clock.Set(At("2028-03-01T00:00:00Z"));
  CHECK(Covered(*engine) == 2);
  clock.Set(At("2029-02-28T23:59:59Z"));
  CHECK(Covered(*engine) == 2);
  clock.Set(At("2029-03-01T00:00:00Z"));
  CHECK(Covered(*engine) == 2);
}

TEST_CASE("a day of 23 or of 25 hours is one day to a budget") {
  for (const auto& [before, first, last, after] :
       {std::tuple{"2026-03-28T23:59:00+01:00", "2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00",
                   "2026-03-30T00:00:00+02:00"},
        std::tuple{"2026-10-24T23:59:00+02:00", "2026-10-25T00:00:00+02:00", "2026-10-25T23:59:59+01:00",
                   "2026-10-26T00:00:00+01:00"}}) {
    const Store store;
    ManualClock clock(At(before));
    const auto engine = Open(store, TwoADay("Europe/Berlin"), &clock);
    CHECK(Covered(*engine) == 2);
    clock.Set(At(first));
    CHECK(Covered(*engine) == 2);
    clock.Set(At(last));
    CHECK(Covered(*engine) == 0);
    clock.Set(At(after));
    CHECK(Covered(*engine) == 2);
  }
}

TEST_CASE("a clock that steps back over midnight does not open the day before again, nor after a restart") {
  const Store store;
  ManualClock clock(At("2026-11-26T23:59:50Z"));
  auto engine = Open(store, TwoADay("UTC"), &clock);
  CHECK(Covered(*engine) == 2);
  clock.Set(At("2026-11-27T00:00:10Z"));
  CHECK(Covered(*engine) == 2);
  clock.Set(At("2026-11-26T23:59:55Z"));
  CHECK(Covered(*engine) == 0);
  REQUIRE(engine->Close().ok());
  engine = Open(store, TwoADay("UTC"), &clock);
  CHECK(Covered(*engine) == 0);
  CHECK(engine->Status().budgets.at(0).period_start_us == At("2026-11-27T00:00:00Z"));
  REQUIRE(engine->Close().ok());
  CHECK(SelectInteger(store, "SELECT count(*) FROM decisions WHERE time_us < 1795737600000000") == 2);
}

}  // namespace suffice
