// A row's tiers, as written and as any JSON writer might have put them.
#include "log/row_codec.h"

#include <cmath>
#include <limits>

#include "catch.h"

namespace suffice {
namespace {

std::vector<TierView> Decoded(const std::string& json) {
  const auto tiers = DecodeTiers(json);
  REQUIRE(tiers.ok());
  return *tiers;
}

}  // namespace

TEST_CASE("tiers are read back as they were written") {
  TierView view{.tier = "small", .quality = 0.1, .quality_sigma = 1e-12, .cost_usd = 1.0 / 3, .latency_ms = 123456.789};
  view.observations = 1e9;
  view.score = -0.25;
  view.propensity = 0.5;
  TierView odd = view;
  odd.tier = "\"gr\u00f6\u00dfer\" \\";
  odd.exclusion = ExclusionReason::kBudget;
  odd.exclusion_detail = "day \"A\": $5";
  odd.score = std::numeric_limits<double>::quiet_NaN();
  TierView full = view;
  full.start_ms = 30;
  full.cost_ratio = 1.5;
  full.worst_cost_usd = 2;
  full.late = {0.5, 0.05, 0.01};
  full.exclusion = ExclusionReason::kSession;
  full.exclusion_detail = "kept";
  std::string json, again;
  for (const std::vector<TierView>& tiers : {std::vector<TierView>{}, {view}, {view, full}, {odd}, {view, odd, full}}) {
    EncodeTiers(tiers, json);
    EncodeTiers(Decoded(json), again);
    CHECK(again == json);
  }
  EncodeTiers({odd}, json);
  CHECK(Decoded(json)[0].tier == odd.tier);
  CHECK(Decoded(json)[0].exclusion_detail == odd.exclusion_detail);
  CHECK(std::isnan(Decoded(json)[0].score));
}

TEST_CASE("other JSON of the same meaning is read alike, and what is none is refused") {
  const auto tiers = Decoded("[ {\"tier\": \"a\\u0062\", \"quality\": 0.5, \"unknown\": [1]} ]");
  REQUIRE(tiers.size() == 1);
  CHECK(tiers[0].tier == "ab");
  CHECK(tiers[0].quality == 0.5);
  CHECK(std::isnan(tiers[0].propensity));
  for (const char* bad : {"", "{", "[", "[{]", "[{\"tier\":\"a\"},]", "[{\"tier\":\"a\"}", "{}",
                          "[{\"tier\":\"a\",\"exclusion\":\"whim\"}]"}) {
    CHECK_FALSE(DecodeTiers(bad).ok());
  }
}

}  // namespace suffice
