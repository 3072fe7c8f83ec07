// Budgets in the whole engine on a real SQLite file.
#include <fmt/format.h>

#include <atomic>
#include <random>
#include <thread>

#include "absl/synchronization/notification.h"
#include "base/money.h"
#include "catch.h"
#include "engine/engine_testing.h"
#include "suffice/status.h"

namespace suffice {
namespace {

// One tier whose answers cost $10 a million tokens, prompts nothing.
Config Capped(double usd, int64_t max_output_tokens) {
  Config config;
  config.tiers.push_back({.name = "only", .model = "m", .price = {0, 10}, .max_output_tokens = max_output_tokens});
  config.features.fit_after_prompts = 0;
  config.limits.cost.budgets.push_back({.name = "cap", .usd = usd, .period = BudgetPeriod::kMonth});
  return config;
}

RouteRequest Ask(const std::string& prompt, const std::string& tenant = "") {
  RouteRequest request;
  request.prompt = prompt;
  request.tenant = tenant;
  return request;
}

void Pay(Engine& engine, const Decision& decision, double usd, const std::string& tenant = "") {
  const auto receipt = engine.RecordOutcome({.decision_id = decision.id, .tenant = tenant, .cost_usd = usd});
  INFO(receipt.status().ToString());
  REQUIRE(receipt.ok());
}

const BudgetStatus& Account(const EngineStatus& status, const std::string& name, const std::string& tenant = "",
                            const std::string& tier = "") {
  for (const BudgetStatus& budget : status.budgets) {
    if (budget.name == name && budget.tenant == tenant && budget.tier == tier) return budget;
  }
  FAIL("no account of " << name);
  return status.budgets[0];
}

TEST_CASE("a hard budget refuses with a reason and a time to retry, and takes back what outcomes leave over") {
  const Store store;
  auto engine = MustOpen(store, Capped(2.5e-3, 100));  // $0.001 a call at worst
  const Decision first = MustRoute(*engine, "a"), second = MustRoute(*engine, "b");
  CHECK(first.tiers[0].worst_cost_usd == Approx(1e-3));
  const auto refused = engine->Route(Ask("c"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(StatedReason(refused.status()) == "BUDGET_EXHAUSTED");
  CHECK(refused.status().message().find("cap") != std::string::npos);
  REQUIRE(RetryAfterMicros(refused.status()));
  CHECK(*RetryAfterMicros(refused.status()) > 0);
  Pay(*engine, first, 2e-4);
  const Decision third = MustRoute(*engine, "c");
  const EngineStatus status = engine->Status();
  CHECK(status.budget_refusals == 1);
  const BudgetStatus& cap = Account(status, "cap");
  CHECK(cap.spent_usd == Approx(2e-4));
  CHECK(cap.reserved_usd == Approx(2e-3));
  CHECK(cap.denials == 1);
  // A failed call costs what its outcome says: without tokens nothing.
  REQUIRE(engine->RecordOutcome({.decision_id = second.id, .status = CallStatus::kTimeout}).ok());
  CHECK(Account(engine->Status(), "cap").reserved_usd == Approx(1e-3));
  CHECK(Account(engine->Status(), "cap").spent_usd == Approx(2e-4));
  REQUIRE(engine->Close().ok());
  CHECK(SelectInteger(store, "SELECT sum(reserved_cost_nanos) FROM decisions") == 3'000'000);
}

TEST_CASE("before anything is refused, a cheaper tier is used") {
  const Store store;
  Config config = Capped(1.2e-3, 100);
  config.tiers.push_back({.name = "cheap", .model = "m", .price = {0, 1}, .max_output_tokens = 100});
  config.policy.kind = PolicyKind::kFixed;
  config.policy.fixed_tier = "only";
  auto engine = MustOpen(store, config);
  CHECK(MustRoute(*engine, "a").tier == "only");
  const Decision second = MustRoute(*engine, "b");
  CHECK(second.tier == "cheap");
  CHECK(second.tiers[0].exclusion == ExclusionReason::kBudget);
  CHECK(second.tiers[0].exclusion_detail.find("cap") != std::string::npos);
  CHECK(MustRoute(*engine, "c").tier == "cheap");
  CHECK(StatedReason(engine->Route(Ask("d")).status()) == "BUDGET_EXHAUSTED");
}

TEST_CASE("a dry run and a repeated request reserve nothing more") {
  const Store store;
  auto engine = MustOpen(store, Capped(10, 100));
  Look(*engine, "a");
  CHECK(engine->Status().budgets.empty());
  RouteRequest request = Ask("a");
  request.request_id = "r1";
  const Decision first = MustRoute(*engine, request), again = MustRoute(*engine, request);
  CHECK(first.id == again.id);
  CHECK(again.replayed);
  CHECK(Account(engine->Status(), "cap").reserved_usd == Approx(1e-3));
}

TEST_CASE("concurrent repeats get one decision, and one reservation") {
  const Store store;
  auto engine = MustOpen(store, Capped(10, 100));
  for (int round = 0; round < 20; ++round) {
    RouteRequest request = Ask("a");
    request.request_id = fmt::format("r{}", round);
    std::vector<DecisionId> ids(8);
    std::vector<std::thread> threads;
    for (DecisionId& id : ids) threads.emplace_back([&] { id = engine->Route(request)->id; });
    for (std::thread& thread : threads) thread.join();
    for (const DecisionId& id : ids) CHECK(id == ids[0]);
  }
  CHECK(Account(engine->Status(), "cap").reserved_usd == Approx(20e-3));
}

TEST_CASE("under a hard budget the answer comes after the commit; without one at once") {
  const Store store;
  auto engine = MustOpen(store, Capped(10, 100));
  absl::Notification answered;
  std::thread::id there;
  engine->Route(Ask("a"), [&](const absl::StatusOr<Decision>& decision) {
    CHECK(decision.ok());
    there = std::this_thread::get_id();
    answered.Notify();
  });
  answered.WaitForNotification();
  CHECK(there != std::this_thread::get_id());
  Config free = Capped(10, 100);
  free.limits.cost.budgets[0].kind = BudgetKind::kSoft;
  REQUIRE(engine->Reload(free).ok());
  bool at_once = false;
  engine->Route(Ask("b"), [&](const absl::StatusOr<Decision>& decision) { at_once = decision.ok(); });
  CHECK(at_once);
}

TEST_CASE("accounts per tenant and per tier") {
  const Store store;
  Config config = Capped(1.5e-3, 100);
  config.limits.cost.budgets[0].each = BudgetScope::kTenantAndTier;
  auto engine = MustOpen(store, config);
  for (const char* tenant : {"a", "b"}) {
    const Decision decision = MustRoute(*engine, Ask("x", tenant));
    CHECK_FALSE(engine->Route(Ask("x", tenant)).ok());
    Pay(*engine, decision, 1e-4, tenant);
    CHECK(Account(engine->Status(), "cap", tenant, "only").spent_usd == Approx(1e-4));
  }
}

TEST_CASE("a restart and a reload keep the accounts; a new budget counts its period so far") {
  const Store store;
  Config config = Capped(10, 100);
  Decision open;
  {
    auto engine = MustOpen(store, config);
    Pay(*engine, MustRoute(*engine, "a"), 3e-4);
    open = MustRoute(*engine, "b");
  }
  auto engine = MustOpen(store, config);
  CHECK(Account(engine->Status(), "cap").spent_usd == Approx(3e-4));
  CHECK(Account(engine->Status(), "cap").reserved_usd == Approx(1e-3));
  config.limits.cost.budgets[0].usd = 1.4e-3;
  config.limits.cost.budgets.push_back({.name = "week", .usd = 5, .period = BudgetPeriod::kWeek});
  REQUIRE(engine->Reload(config).ok());
  CHECK(Account(engine->Status(), "cap").spent_usd == Approx(3e-4));
  CHECK(Account(engine->Status(), "week").spent_usd == Approx(3e-4));
  CHECK(Account(engine->Status(), "week").reserved_usd == Approx(1e-3));
  CHECK_FALSE(engine->Route(Ask("c")).ok());
  Pay(*engine, open, 1e-4);
  CHECK(Account(engine->Status(), "cap").spent_usd == Approx(4e-4));
  CHECK(Account(engine->Status(), "week").reserved_usd == 0);
  CHECK(engine->Route(Ask("c")).ok());
}

TEST_CASE("64 concurrent callers at the edge of the cap: not a nano-dollar over, and the cap is used") {
  const Store store;
  constexpr double kCap = 0.15, kWorst = 2e-5;
  const int64_t cap_nanos = Money::FromUsd(kCap).nanos;
  auto engine = MustOpen(store, Capped(kCap, 2));
  std::atomic<int64_t> spent{0}, spent_at_first_refusal{-1}, calls{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 64; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(static_cast<uint64_t>(t));
      while (true) {
        const auto decision = engine->Route(Ask("prompt"));
        if (!decision.ok()) {
          int64_t none = -1;
          spent_at_first_refusal.compare_exchange_strong(none, spent.load());
          if (StatedReason(decision.status()) != "BUDGET_EXHAUSTED") spent = cap_nanos + 1;
          return;
        }
        ++calls;
        const double cost = kWorst * (random() % 4 == 0 ? 0.5 : 1);
        spent += Money::FromUsd(cost).nanos;  // the call is made, whatever is reported
        engine->RecordOutcome({.decision_id = decision->id, .cost_usd = cost}).IgnoreError();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  INFO(calls << " calls, spent " << spent << " of " << cap_nanos << ", at the first refusal "
             << spent_at_first_refusal);
  CHECK(spent <= cap_nanos);
  CHECK(spent > cap_nanos - Money::FromUsd(kWorst).nanos);
  CHECK(static_cast<double>(spent_at_first_refusal) >= 0.99 * static_cast<double>(cap_nanos));
  const BudgetStatus cap = Account(engine->Status(), "cap");
  CHECK(Money::FromUsd(cap.spent_usd).nanos == spent);
  CHECK(cap.reserved_usd == 0);
}

TEST_CASE("soft budgets refuse nothing, and steer to the cheapest tier when nothing is left") {
  const Store store;
  Config config;
  config.tiers.push_back({.name = "dear", .model = "m", .price = {0, 100}, .prior = {.quality = 0.9}});
  config.tiers.push_back({.name = "cheap", .model = "m", .price = {0, 1}, .prior = {.quality = 0.5}});
  config.features.fit_after_prompts = 0;
  config.policy.kind = PolicyKind::kEpsilonGreedy;
  config.policy.epsilon = 0;
  config.limits.cost.budgets.push_back(
      {.name = "soft", .usd = 0.01, .period = BudgetPeriod::kMonth, .kind = BudgetKind::kSoft});
  auto engine = MustOpen(store, config);
  Pay(*engine, MustRoute(*engine, "first"), 1.0);
  REQUIRE(engine->Sync().ok());
  CHECK(MustRoute(*engine, "second").tier == "cheap");
  CHECK(Account(engine->Status(), "soft").spent_usd == Approx(1.0));
}

}  // namespace
}  // namespace suffice
