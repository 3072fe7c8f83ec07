// Which tiers have gone cold.
#include "engine/warmth.h"

#include "catch.h"

namespace suffice {

TEST_CASE("a tier is cold when it was never used, or idle for longer than it keeps warm") {
  Config config;
  config.tiers.push_back({.name = "always"});
  config.tiers.push_back({.name = "sleeper", .keep_warm_s = 10, .cold_start_ms = 5000});
  Warmth warmth;
  CHECK(warmth.ColdAt(config, 0) == std::vector<bool>{false, true});
  warmth.Use("sleeper", 1'000'000);
  CHECK(warmth.ColdAt(config, 11'000'000).empty());
  CHECK(warmth.ColdAt(config, 11'000'001) == std::vector<bool>{false, true});
  warmth.Use("sleeper", 20'000'000);
  warmth.Use("sleeper", 15'000'000);  // came late
  CHECK(warmth.ColdAt(config, 30'000'000).empty());
  // A reload keeps what is known by name.
  std::swap(config.tiers[0], config.tiers[1]);
  CHECK(warmth.ColdAt(config, 30'000'001) == std::vector<bool>{true, false});
  config.tiers[0].keep_warm_s = 0;
  CHECK(warmth.ColdAt(config, INT64_MAX).empty());
}

}  // namespace suffice
