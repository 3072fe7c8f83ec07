#include "engine/gate.h"

#include <chrono>

#include "base/ids.h"
#include "base/money.h"
#include "catch.h"
#include "engine/engine_testing.h"
#include "learner/learner.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kStart = 1'700'006'400 * kSecond;  // 2023-11-15T00:00:00Z

// A gate with a log in memory and decisions at times of the test's own.
class World {
 public:
  explicit World(const Config& config)
      : config_(std::make_shared<const Config>(config)),
        learner_(log_.get(), config_, MakeCountedFeatures(config.features)),
        gate_(std::make_unique<Gate>(config_)),
        snapshot_(learner_.NextSnapshot()) {}

  absl::StatusOr<DecisionRecord> Route(const std::string& tenant = "") {
    RouteRequest request;
    request.prompt = "hello";
    request.tenant = tenant;
    auto considered = Consider(*snapshot_, request, {.id = ids_.Next(now_us), .time_us = now_us, .seed = 1});
    REQUIRE(considered.ok());
    const absl::Status status = gate_->Choose(*snapshot_, request, *considered);
    if (!status.ok()) return status;
    REQUIRE(log_->AppendDecision(
                    considered->row,
                    [&](const absl::StatusOr<Receipt>& receipt) { gate_->Committed(considered->row.id, receipt->seq); })
                .ok());
    return considered->row;
  }
  void Settle(const DecisionRecord& row, double usd) {
    OutcomeRecord outcome{.time_us = now_us, .cost_nanos = Money::FromUsd(usd).nanos};
    outcome.outcome = {.decision_id = row.id, .tenant = row.tenant, .cost_usd = usd};
    log_->AppendOutcome(outcome, [&](const absl::StatusOr<Receipt>& receipt) {
      gate_->Settle(row.id, receipt->cost_nanos, receipt->seq);
    });
  }
  void SetDebt(double debt) {
    Snapshot copy = *snapshot_;
    copy.limits.cost_debt = debt;
    snapshot_ = std::make_shared<const Snapshot>(std::move(copy));
  }

  int64_t now_us = kStart;
  Gate& gate() { return *gate_; }
  EventLog& log() { return *log_; }
  const std::shared_ptr<const Config>& config() const { return config_; }
  const Snapshot& snapshot() const { return *snapshot_; }

 private:
  const std::shared_ptr<const Config> config_;
  const std::unique_ptr<EventLog> log_ = NewMemoryLog(1);
  Learner learner_;
  std::unique_ptr<Gate> gate_;
  DecisionIdGenerator ids_{7};
  SnapshotPtr snapshot_;
};

Config TwoTiers() {
  Config config;
  config.tiers.push_back(
      {.name = "dear", .model = "m", .price = {0, 10}, .max_output_tokens = 1000, .prior = {.quality = 0.9}});
  config.tiers.push_back(
      {.name = "cheap", .model = "m", .price = {0, 1}, .max_output_tokens = 1000, .prior = {.quality = 0.5}});
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "dear";
  return config;
}

TEST_CASE("the guard counts what is in flight, and always allows the cheapest tier") {
  Config config = TwoTiers();
  config.limits.cost.mean_usd = 1e-4;  // a dear call is predicted at $0.003: 30 requests' worth
  World world(config);
  int dear = 0;
  std::vector<DecisionRecord> rows;
  for (int i = 0; i < 10; ++i) {
    rows.push_back(*world.Route());
    if (rows.back().tier != "dear") break;
    ++dear;
  }
  CHECK(dear == 1);  // 29 and then 58 > 50
  CHECK(rows.back().tier == "cheap");
  CHECK(rows.back().tiers[0].exclusion == ExclusionReason::kCostGuard);
  // Really it was free: the debt is gone before any snapshot folds it.
  world.Settle(rows[0], 0);
  CHECK(world.Route()->tier == "dear");
  world.SetDebt(1000);
  for (int i = 0; i < 5; ++i) CHECK(world.Route()->tier == "cheap");
}

TEST_CASE("a lease that ends is exposure, a late outcome takes its place, and the next period begins anew") {
  Config config = TwoTiers();
  config.limits.cost.budgets.push_back({.name = "day", .usd = 0.015, .lease_s = 60});
  World world(config);
  const DecisionRecord row = *world.Route();
  CHECK(row.reserved_cost_nanos == 10'000'000);
  world.now_us += 61 * kSecond;
  auto status = world.gate().Status(world.now_us);
  REQUIRE(status.size() == 1);
  CHECK(status[0].exposure_usd == Approx(0.01));
  CHECK(status[0].reserved_usd == 0);
  CHECK(world.gate().overdue(world.now_us) == 1);
  CHECK(world.Route()->tier == "cheap");
  world.Settle(row, 0.002);
  CHECK(world.gate().overdue(world.now_us) == 0);
  CHECK(world.gate().Status(world.now_us)[0].spent_usd == Approx(0.002));
  CHECK(world.Route()->tier == "dear");
  CHECK(world.Route()->tier == "cheap");
  CHECK(world.Route()->tier == "cheap");
  const absl::Status refused = world.Route().status();
  CHECK(refused.code() == absl::StatusCode::kResourceExhausted);
  CHECK(RetryAfterMicros(refused) == kStart + 86400 * kSecond - world.now_us);
  world.now_us = kStart + 86400 * kSecond;
  CHECK(world.Route()->tier == "dear");
}

TEST_CASE("a gate restored from a state and the log's tail, or from the log alone, is the same") {
  Config config = TwoTiers();
  config.limits.cost.budgets.push_back({.name = "day", .usd = 100, .each = BudgetScope::kTenant});
  config.limits.cost.budgets.push_back({.name = "hour", .usd = 100, .period = BudgetPeriod::kHour});
  config.limits.cost.budgets.push_back({.name = "soft", .usd = 1, .kind = BudgetKind::kSoft});
  World world(config);
  std::vector<DecisionRecord> open;
  const auto live = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      world.now_us += 20 * kSecond;
      open.push_back(*world.Route(i % 2 == 0 ? "a" : "b"));
      if (i % 3 != 0) continue;
      world.Settle(open[open.size() / 2], 0.001 * (i % 5));
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(open.size() / 2));
    }
  };
  const auto restored = [&] {
    Gate gate(world.config());
    REQUIRE(gate.Restore(world.log(), world.now_us).ok());
    return gate.SerializedLedger(world.now_us);
  };
  live(0, 100);
  CHECK(restored() == world.gate().SerializedLedger(world.now_us));
  REQUIRE(world.gate().Save(world.log(), world.now_us, true).ok());
  live(100, 250);
  CHECK(restored() == world.gate().SerializedLedger(world.now_us));
  for (int i = 0; i < 5; ++i) {
    live(250 + i, 251 + i);
    REQUIRE(world.gate().Save(world.log(), world.now_us, true).ok());
  }
  CHECK(restored() == world.gate().SerializedLedger(world.now_us));
}

TEST_CASE("where the caller chooses, budgets count and refuse nothing") {
  Config config = TwoTiers();
  config.mode = Mode::kApprentice;
  config.limits.cost.budgets.push_back({.name = "day", .usd = 0.001});
  World world(config);
  RouteRequest request;
  request.prompt = "hello";
  request.caller_tier = "dear";
  auto considered = Consider(world.snapshot(), request, {.id = DecisionId{}, .time_us = kStart});
  REQUIRE(considered.ok());
  CHECK(world.gate().Choose(world.snapshot(), request, *considered).ok());
  CHECK(world.gate().Status(kStart)[0].reserved_usd == Approx(0.01));
}

TEST_CASE("what the gate costs a decision", "[.time]") {
  Config none = TwoTiers(), full = TwoTiers();
  full.limits.cost.mean_usd = 1;
  full.limits.cost.budgets.push_back({.name = "day", .usd = 1e9});
  full.limits.cost.budgets.push_back({.name = "month", .usd = 1e9, .period = BudgetPeriod::kMonth});
  full.limits.cost.budgets.push_back({.name = "soft", .usd = 1e9, .kind = BudgetKind::kSoft});
  for (const Config& config : {none, full}) {
    World world(config);
    RouteRequest request;
    request.prompt = "hello";
    DecisionIdGenerator ids(3);
    constexpr int kTimes = 20000;
    std::chrono::nanoseconds with{0}, without{0};
    for (int i = 0; i < kTimes; ++i) {
      const int64_t now = kStart + i * 1000;
      const DecideContext context{.id = ids.Next(now), .time_us = now};
      auto a = Consider(world.snapshot(), request, context), b = Consider(world.snapshot(), request, context);
      const auto time = [&](const auto& choose) {
        const auto start = std::chrono::steady_clock::now();
        REQUIRE(choose().ok());
        return std::chrono::steady_clock::now() - start;
      };
      const auto plain = [&] { return Choose(world.snapshot(), request, *a); };
      const auto gated = [&] { return world.gate().Choose(world.snapshot(), request, *b); };
      // In turns, so that neither profits from the other's warm caches.
      if (i % 2 == 0) without += time(plain);
      with += time(gated);
      if (i % 2 == 1) without += time(plain);
      world.gate().Settle(context.id, 1000, i + 1);
    }
    WARN("choose " << without.count() / kTimes << " ns, through the gate " << with.count() / kTimes << " ns");
  }
}

}  // namespace
}  // namespace suffice
