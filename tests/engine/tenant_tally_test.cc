// Which tenants' share of the dearest tier is told to depart from what it was.
#include "engine/tenant_tally.h"

#include <fmt/format.h>

#include <random>

#include "catch.h"

namespace suffice {
namespace {

constexpr double kAlarm = 5;

// `n` decisions of each of ten tenants; tenant k takes the dearest tier with probability share(k).
template <typename ShareOf>
void Decide(TenantTally& tally, int n, std::mt19937_64& random, const ShareOf& share) {
  std::uniform_real_distribution<double> unit;
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < 10; ++k) tally.Add(fmt::format("tenant-{}", k), unit(random) < share(k));
  }
}

}  // namespace

TEST_CASE("a tenant that suddenly gets the dearest tier far more often is told, and no other") {
  TenantTally tally;
  std::mt19937_64 random(1);
  const auto usual = [](int k) { return 0.05 * k; };
  Decide(tally, 3000, random, usual);
  CHECK(tally.Departing(kAlarm).empty());
  Decide(tally, 100, random, [&](int k) { return k == 3 ? 0.8 : usual(k); });
  const std::vector<TenantStatus> departing = tally.Departing(kAlarm);
  REQUIRE(departing.size() == 1);
  CHECK(departing[0].tenant == "tenant-3");
  CHECK(departing[0].share > 0.5);
  CHECK(departing[0].usual_share < 0.3);
  CHECK(departing[0].departure > kAlarm);
  CHECK(tally.Departing(0).empty());
}

TEST_CASE("a change that all tenants make is nobody's departure") {
  TenantTally tally;
  std::mt19937_64 random(2);
  Decide(tally, 2000, random, [](int) { return 0.2; });
  Decide(tally, 100, random, [](int) { return 0.7; });
  CHECK(tally.Departing(kAlarm).empty());
}

TEST_CASE("a tenant that only began has nothing usual to depart from, and there is room for the newest") {
  TenantTally tally;
  for (int i = 0; i < 100; ++i) tally.Add("new", i >= 50);
  CHECK(tally.Departing(kAlarm).empty());
  for (size_t i = 0; i < 2 * TenantTally::kTenants; ++i) tally.Add(fmt::format("once-{}", i), false);
  for (int i = 0; i < 1000; ++i) tally.Add("steady", i >= 900);
  REQUIRE(tally.Departing(kAlarm).size() == 1);
}

TEST_CASE("the dearest tier is the one predicted to cost most, of several") {
  std::vector<TierView> views(2);
  views[0].tier = "small";
  views[1].tier = "large";
  views[1].cost_usd = 1;
  CHECK(IsDearest("large", views));
  CHECK_FALSE(IsDearest("small", views));
  views.pop_back();
  CHECK_FALSE(IsDearest("small", views));
}

}  // namespace suffice
