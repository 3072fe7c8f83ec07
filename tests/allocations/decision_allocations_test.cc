// A decision allocates nothing once its memory is warm. In a binary of its own, because operator new is replaced.
#include "allocations/counted_new.h"
#include "base/ids.h"
#include "catch.h"
#include "engine/benchmark/fitted_world.h"
#include "engine/decide.h"

namespace suffice {

TEST_CASE("after warm-up a decision allocates nothing, and is the one that fresh memory gives") {
  Config config = MakeFittedConfig(/*tiers=*/4, PolicyKind::kThompson);
  config.tiers[2].name = "a tier whose name is longer than a string holds by itself";
  SnapshotPtr snapshot = MakeFittedSnapshot(config, /*dimensions=*/64);
  const std::vector<std::string> prompts = MakePrompts(32, 1024, /*seed=*/7);
  DecisionIdGenerator ids(3);
  Consideration consideration;
  for (const PolicyKind policy : {PolicyKind::kThompson, PolicyKind::kLinUcb, PolicyKind::kIgw}) {
    auto changed = std::make_shared<Snapshot>(*snapshot);
    config.policy.kind = policy;
    changed->config = std::make_shared<const Config>(config);
    for (const bool warm : {false, true}) {
      for (const std::string& prompt : prompts) {
        RouteRequest request;
        request.prompt = prompt;
        request.tenant = "a tenant with a name of some length";
        request.request_id = "a request id that no small string holds";
        const DecideContext context{.id = ids.Next(1'000'000), .time_us = 1'000'000, .seed = 9, .salt = 4};
        const int64_t before = AllocationsSoFar();
        const bool decided = Consider(*changed, request, context, consideration).ok() &&
                             Choose(*changed, request, consideration).ok();
        const int64_t after = AllocationsSoFar();
        REQUIRE(decided);
        if (warm) CHECK(after == before);
        const auto fresh = Decide(*changed, request, context);
        REQUIRE(fresh.ok());
        CHECK(fresh->features == consideration.row.features);
        CHECK(fresh->sketch == consideration.row.sketch);
        CHECK(fresh->tier == consideration.row.tier);
        CHECK(fresh->propensity == consideration.row.propensity);
        CHECK(fresh->multipliers == consideration.row.multipliers);
        CHECK(fresh->reserved_cost_nanos == consideration.row.reserved_cost_nanos);
        for (size_t i = 0; i < fresh->tiers.size(); ++i) {
          CHECK(fresh->tiers[i].tier == consideration.row.tiers[i].tier);
          CHECK(fresh->tiers[i].propensity == consideration.row.tiers[i].propensity);
          CHECK(fresh->tiers[i].quality_sigma == consideration.row.tiers[i].quality_sigma);
        }
      }
    }
  }
}

}  // namespace suffice
