// What a tier offers a request: cold starts, and answers that keep a cap on the cost of one request.
#include "engine/tier_views.h"

#include "base/ids.h"
#include "catch.h"
#include "engine/decide.h"
#include "features/feature_set.h"

namespace suffice {
namespace {

struct Fixture {
  std::shared_ptr<const Config> config;
  SnapshotPtr snapshot;
  DecisionIdGenerator ids{3};

  explicit Fixture(const Config& c) : config(std::make_shared<const Config>(c)) {
    snapshot = MakeSnapshot(1, {}, config, config->Hash(), Statistics(MakeCountedFeatures(config->features), 2000));
  }
  absl::StatusOr<DecisionRecord> Decide(const RouteRequest& request, std::vector<bool> cold = {}) {
    return suffice::Decide(*snapshot, request,
                           {.id = ids.Next(1), .time_us = 1, .seed = 9, .salt = 4, .cold = std::move(cold)});
  }
};

Config OneTier() {
  Config config;
  config.tiers.push_back({.name = "only", .model = "m", .price = {3, 15}, .prior = {.output_tokens = 20}});
  return config;
}

RouteRequest Ask(size_t bytes) {
  RouteRequest request;
  request.prompt = std::string(bytes, 'x');
  return request;
}

}  // namespace

TEST_CASE("a capped call tells how long its answer may be, and then costs at most the cap") {
  Config config = OneTier();
  config.limits.cost.per_request_usd = 0.01;
  Fixture fixture(config);
  RouteRequest request = Ask(936);  // at most 1,000 tokens with the chat around it: $0.003
  auto row = fixture.Decide(request);
  REQUIRE(row.ok());
  CHECK(row->call_max_output_tokens == 466);  // 0.007 / 15e-6
  CHECK(row->tiers[0].worst_cost_usd == Approx(0.003 + 466 * 15e-6));
  CHECK(row->tiers[0].worst_cost_usd <= 0.01);
  CHECK(AnswerOf(*row, config).max_output_tokens == 466);

  request.max_cost_usd = 0.02;  // looser: no effect
  CHECK(fixture.Decide(request)->call_max_output_tokens == 466);
  request.max_cost_usd = 0.009;
  CHECK(fixture.Decide(request)->call_max_output_tokens == 400);
  request.max_output_tokens = 250;
  CHECK(fixture.Decide(request)->call_max_output_tokens == 250);
}

TEST_CASE("thinking that is dearer than output bounds the answer") {
  Config config = OneTier();
  config.tiers[0].price.reasoning_usd_per_mtok = 30;
  config.limits.cost.per_request_usd = 0.01;
  CHECK(Fixture(config).Decide(Ask(936))->call_max_output_tokens == 233);
}

TEST_CASE("no longer answer is asked for than the model gives") {
  Config config = OneTier();
  config.tiers[0].max_output_tokens = 300;
  RouteRequest request = Ask(936);
  request.max_output_tokens = 5000;
  CHECK(Fixture(config).Decide(request)->call_max_output_tokens == 300);
  config.limits.cost.per_request_usd = 0.01;  // leaves 466
  CHECK(Fixture(config).Decide(Ask(936))->call_max_output_tokens == 300);
  config.limits.cost.per_request_usd = 0.006;  // leaves 200
  CHECK(Fixture(config).Decide(Ask(936))->call_max_output_tokens == 200);
}

TEST_CASE("without a cap the answer has the request's own bound, and the worst case is unknown without one") {
  Fixture fixture(OneTier());
  auto row = fixture.Decide(Ask(936));
  CHECK(row->call_max_output_tokens == 0);
  CHECK(row->tiers[0].worst_cost_usd == 0);
  RouteRequest request = Ask(936);
  request.max_output_tokens = 50;
  row = fixture.Decide(request);
  CHECK(row->call_max_output_tokens == 50);
  CHECK(row->tiers[0].worst_cost_usd == Approx(0.003 + 50 * 15e-6));
  Config free = OneTier();
  free.tiers[0].price = {};
  free.limits.cost.per_request_usd = 0.01;
  CHECK(Fixture(free).Decide(Ask(10))->call_max_output_tokens == 0);
}

TEST_CASE("a prompt that leaves too little of the cap for an answer excludes the tier") {
  Config config = OneTier();
  config.tiers.push_back({.name = "cheap", .model = "c", .price = {0.1, 0.1}});
  config.limits.cost.per_request_usd = 0.0124;
  const auto row = Fixture(config).Decide(Ask(4000));
  REQUIRE(row.ok());
  CHECK(row->tier == "cheap");
  CHECK(row->tiers[0].exclusion == ExclusionReason::kRequestCost);
  CHECK(row->tiers[0].exclusion_detail.find("leaves too little for an answer") != std::string::npos);
}

TEST_CASE("a cold tier carries its start into latency, late probability and the request's own limit") {
  Config config = OneTier();
  config.tiers[0].keep_warm_s = 60;
  config.tiers[0].cold_start_ms = 5000;
  config.tiers.push_back({.name = "other", .model = "o"});
  config.limits.latency.p95_ms = 8000;
  Fixture fixture(config);
  const auto warm = fixture.Decide(Ask(40));
  const auto cold = fixture.Decide(Ask(40), {true, true});  // the other's start takes no time
  REQUIRE((warm.ok() && cold.ok()));
  CHECK(warm->tiers[0].start_ms == 0);
  CHECK(cold->tiers[0].start_ms == 5000);
  CHECK(cold->tiers[1].start_ms == 0);
  CHECK(cold->tiers[0].latency_ms == Approx(warm->tiers[0].latency_ms + 5000));
  CHECK(cold->tiers[0].late[1] > warm->tiers[0].late[1]);
  CHECK(cold->tiers[1].late[1] == warm->tiers[1].late[1]);

  RouteRequest pinned = Ask(40);
  pinned.pinned_tier = "only";
  const auto answered = fixture.Decide(pinned, {true, false});
  REQUIRE(answered.ok());
  CHECK(answered->latency_ms.value == Approx(answered->tiers[0].latency_ms));
  CHECK(answered->latency_ms.low > 5000);
  RouteRequest quick = Ask(40);
  quick.max_latency_ms = 5001;
  CHECK(fixture.Decide(quick, {true, false})->tiers[0].exclusion == ExclusionReason::kRequestLatency);
}

}  // namespace suffice
