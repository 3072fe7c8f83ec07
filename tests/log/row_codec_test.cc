// A row's tiers, as written and as any JSON writer might have put them.
#include "log/row_codec.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "base/decimals.h"
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

TEST_CASE("numbers of a tier are read back to the same bits, and rounded ones are written in their own digits") {
  std::mt19937_64 random(11);
  const auto quality_of = [](double value) {
    std::string json;
    EncodeTiers({TierView{.tier = "a", .quality = value}}, json);
    const double read = Decoded(json)[0].quality;
    CHECK(std::bit_cast<uint64_t>(read) == std::bit_cast<uint64_t>(value));
    const size_t begin = json.find("\"quality\":") + 10;
    return json.substr(begin, json.find(',', begin) - begin);
  };
  for (int i = 0; i < 20'000; ++i) {
    const double any = std::bit_cast<double>(random());
    if (std::isfinite(any)) {
      quality_of(any);
      CHECK(std::fabs(RoundToDecimals(any, 8) - any) <= 0.5e-8 + std::fabs(any) * 1e-15);
    }
    // 15 digits in all: what a double tells apart from its neighbours.
    const auto whole = static_cast<double>(random() % 1'000'000'000'000'000);
    const double rounded = (random() % 2 != 0 ? 1 : -1) * whole / kPowersOfTen[random() % 9];
    std::string digits = quality_of(rounded);
    std::erase(digits, '-');
    std::erase(digits, '.');
    CHECK(digits.size() <= 16);
    CHECK(RoundToDecimals(rounded, TierViewDecimals::kQuality) == rounded);
  }
  CHECK(quality_of(0) == "0");
  CHECK(quality_of(-0.0) == "-0");
  CHECK(quality_of(1) == "1");
  CHECK(quality_of(-0.5) == "-0.5");
  CHECK(quality_of(0.00000001) == "0.00000001");
  CHECK(quality_of(120.05) == "120.05");
  CHECK(quality_of(RoundToDecimals(2.0 / 3, 8)) == "0.66666667");
  CHECK(quality_of(1e300) == "1e+300");
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
