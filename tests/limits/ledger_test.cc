#include "limits/ledger.h"

#include <cstring>
#include <map>
#include <random>

#include "catch.h"

namespace suffice {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kStart = 1'700'006'400 * kSecond;  // 2023-11-15T00:00:00Z

DecisionId Id(uint64_t n) {
  DecisionId id;
  for (int i = 0; i < 8; ++i) id.bytes[15 - i] = static_cast<uint8_t>(n >> (8 * i));
  return id;
}

Budget Hard(const std::string& name, double usd) { return {.name = name, .usd = usd, .lease_s = 600}; }

Budget Soft(const std::string& name, double usd) {
  Budget budget = Hard(name, usd);
  budget.kind = BudgetKind::kSoft;
  return budget;
}

LedgerDecision Call(uint64_t n, int64_t worst, int64_t time_us, std::string_view tenant = "",
                    std::string_view tier = "small") {
  return {.id = Id(n),
          .tenant = tenant,
          .tier = tier,
          .time_us = time_us,
          .worst_nanos = worst,
          .expected_nanos = worst / 4};
}

struct Totals {
  int64_t spent = 0, reserved = 0, exposure = 0, limit = 0, denials = 0, accounts = 0;
};

Totals TotalsOf(const Ledger& ledger, const std::string& budget) {
  Totals totals;
  ledger.ForEach([&](const LedgerAccount& account) {
    if (account.budget.name != budget) return;
    totals.spent += account.spent_nanos;
    totals.reserved += account.reserved_nanos;
    totals.exposure += account.exposure_nanos;
    totals.denials += account.denials;
    totals.limit = account.limit_nanos;
    ++totals.accounts;
  });
  return totals;
}

TEST_CASE("a hard budget covers calls up to its last nano-dollar, and what outcomes leave over is used again") {
  Ledger ledger({Hard("day", 1e-6)});  // 1,000 nano-dollars
  CHECK_FALSE(ledger.Reserve(Call(1, 600, kStart)));
  const auto refusal = ledger.Reserve(Call(2, 401, kStart));
  REQUIRE(refusal);
  CHECK(refusal->budget == "day");
  CHECK(refusal->left_nanos == 400);
  CHECK(refusal->needed_nanos == 401);
  CHECK(refusal->period_end_us == kStart + 24 * kHour);
  CHECK_FALSE(ledger.Reserve(Call(3, 400, kStart)));
  CHECK(ledger.Settle(Id(1), 100));
  CHECK_FALSE(ledger.Settle(Id(1), 100));
  CHECK_FALSE(ledger.Reserve(Call(4, 500, kStart)));
  CHECK(ledger.Refusal(Call(5, 1, kStart)));
  CHECK(ledger.Cancel(Id(4)));
  CHECK_FALSE(ledger.Refusal(Call(5, 500, kStart)));
}

TEST_CASE("a repeated id reserves once") {
  Ledger ledger({Hard("day", 1e-6)});
  CHECK_FALSE(ledger.Reserve(Call(1, 600, kStart)));
  CHECK_FALSE(ledger.Reserve(Call(1, 600, kStart)));
  CHECK(TotalsOf(ledger, "day").reserved == 600);
}

TEST_CASE("a lease that ends is charged as the budget says, apart, until a late outcome takes its place") {
  Budget expected = Hard("expected", 1);
  expected.unsettled = Unsettled::kExpected;
  Ledger ledger({Hard("worst", 1), expected, Soft("soft", 1)});
  ledger.Reserve(Call(1, 800, kStart));
  CHECK(TotalsOf(ledger, "soft").reserved == 200);  // in flight at its expected cost
  ledger.Expire(kStart + 599 * kSecond);
  CHECK(ledger.overdue() == 0);
  ledger.Expire(kStart + 600 * kSecond);
  CHECK(ledger.overdue() == 1);
  CHECK(TotalsOf(ledger, "worst").exposure == 800);
  CHECK(TotalsOf(ledger, "expected").exposure == 200);
  CHECK(TotalsOf(ledger, "soft").exposure == 200);
  CHECK(TotalsOf(ledger, "worst").reserved == 0);
  CHECK(ledger.Settle(Id(1), 300));
  for (const char* name : {"worst", "expected", "soft"}) {
    CHECK(TotalsOf(ledger, name).exposure == 0);
    CHECK(TotalsOf(ledger, name).spent == 300);
  }
  CHECK(ledger.overdue() == 0);
}

TEST_CASE("a decision belongs to the period it was made in") {
  Budget hourly = Hard("hour", 1);
  hourly.period = BudgetPeriod::kHour;
  Ledger ledger({hourly, Hard("day", 1)});
  const int64_t last_second = kStart + kHour - kSecond;
  ledger.Reserve(Call(1, 800, last_second));
  ledger.Expire(kStart + kHour);
  CHECK(TotalsOf(ledger, "hour").accounts == 0);
  CHECK(ledger.Settle(Id(1), 300));  // the day still counts it
  ledger.Reserve(Call(2, 500, kStart + kHour));
  CHECK(TotalsOf(ledger, "hour").spent == 0);
  CHECK(TotalsOf(ledger, "hour").reserved == 500);
  CHECK(TotalsOf(ledger, "day").spent == 300);
  ledger.Expire(kStart + 24 * kHour);
  CHECK(ledger.open_decisions() == 0);
  CHECK_FALSE(ledger.Settle(Id(2), 100));
}

TEST_CASE("accounts stand for each tenant and each tier, and a budget may be for one of them") {
  Budget each_tenant = Hard("each tenant", 1e-6), each_tier = Soft("each tier", 1), acme = Hard("acme on large", 5e-7);
  each_tenant.each = BudgetScope::kTenant;
  each_tier.each = BudgetScope::kTier;
  acme.tenant = "acme";
  acme.tier = "large";
  Ledger ledger({each_tenant, each_tier, acme});
  CHECK_FALSE(ledger.Reserve(Call(1, 900, kStart, "other", "large")));
  CHECK_FALSE(ledger.Reserve(Call(2, 500, kStart, "acme", "large")));
  const auto refusal = ledger.Reserve(Call(3, 100, kStart, "acme", "large"));
  REQUIRE(refusal);
  CHECK(refusal->budget == "acme on large");
  CHECK_FALSE(ledger.Reserve(Call(4, 500, kStart, "acme", "small")));
  const auto of_tenant = ledger.Reserve(Call(5, 101, kStart, "other", "small"));
  REQUIRE(of_tenant);
  CHECK(of_tenant->tenant == "other");
  CHECK(TotalsOf(ledger, "each tenant").accounts == 2);
  CHECK(TotalsOf(ledger, "each tier").accounts == 2);
}

TEST_CASE("a denial counts once a decision") {
  Ledger ledger({Hard("day", 1e-9)});
  const auto refusal = ledger.Refusal(Call(1, 10, kStart));
  REQUIRE(refusal);
  ledger.CountDenial(*refusal, Id(1), kStart);
  ledger.CountDenial(*refusal, Id(1), kStart);
  ledger.CountDenial(*refusal, Id(2), kStart);
  CHECK(TotalsOf(ledger, "day").denials == 2);
}

TEST_CASE("memory is bounded: the oldest exposed charges become final, and with none a hard budget refuses") {
  Ledger ledger({Hard("day", 1)}, {.accounts = 4, .open_decisions = 3});
  for (uint64_t n = 1; n <= 3; ++n) CHECK_FALSE(ledger.Reserve(Call(n, 100, kStart)));
  const auto refusal = ledger.Reserve(Call(4, 100, kStart));
  REQUIRE(refusal);
  CHECK(refusal->no_room);
  ledger.Expire(kStart + kHour);
  CHECK_FALSE(ledger.Reserve(Call(4, 100, kStart + kHour)));
  CHECK(ledger.open_decisions() == 3);
  CHECK(TotalsOf(ledger, "day").exposure == 300);
  CHECK_FALSE(ledger.Settle(Id(1), 50));
  CHECK(TotalsOf(ledger, "day").exposure == 300);

  Budget each = Hard("each", 1);
  each.each = BudgetScope::kTenant;
  Ledger tenants({each}, {.accounts = 2, .open_decisions = 100});
  CHECK_FALSE(tenants.Reserve(Call(1, 1, kStart, "a")));
  CHECK_FALSE(tenants.Reserve(Call(2, 1, kStart, "b")));
  CHECK(tenants.Reserve(Call(3, 1, kStart, "c")));
}

TEST_CASE("accounts stay with a budget that keeps its name and what it counts, whatever else changes") {
  Ledger ledger({Hard("day", 1), Hard("gone", 1)});
  ledger.Reserve(Call(1, 500, kStart));
  ledger.Reserve(Call(2, 800, kStart));
  ledger.Settle(Id(1), 400);
  Budget larger = Soft("day", 2);
  Budget fresh = Hard("fresh", 1);
  const Ledger next = ledger.WithBudgets({fresh, larger}, kStart);
  CHECK(TotalsOf(next, "day").spent == 400);
  CHECK(TotalsOf(next, "day").reserved == 200);  // soft now: as expected
  CHECK(TotalsOf(next, "fresh").spent == 0);
  CHECK(TotalsOf(next, "fresh").reserved == 800);
  CHECK_FALSE(ledger.HasAccountsFor({fresh}));
  CHECK(ledger.HasAccountsFor({larger}));
  Budget other_period = Hard("day", 1);
  other_period.period = BudgetPeriod::kWeek;
  CHECK(TotalsOf(ledger.WithBudgets({other_period}, kStart), "day").spent == 0);
}

TEST_CASE("what is written can be read, and anything else is refused") {
  Budget each = Hard("each", 1);
  each.each = BudgetScope::kTenantAndTier;
  const std::vector<Budget> budgets{Hard("day", 1), each};
  Ledger ledger(budgets);
  ledger.Reserve(Call(1, 500, kStart, "acme"));
  ledger.Reserve(Call(2, 700, kStart, "acme"));
  ledger.Reserve(Call(3, 900, kStart, "acme"));
  ledger.Commit(Id(1));
  ledger.Commit(Id(2));
  ledger.Settle(Id(1), 123);
  const std::string bytes = ledger.Serialize();
  std::vector<std::string> missing;
  const auto read = Ledger::Deserialize(bytes, budgets, kStart, &missing);
  REQUIRE(read.ok());
  CHECK(missing.empty());
  CHECK(read->Serialize() == bytes);
  CHECK(TotalsOf(*read, "each").reserved == 700);  // the row of 3 is not on disk
  CHECK(TotalsOf(*read, "each").spent == 123);
  REQUIRE(Ledger::Deserialize(bytes, {Hard("day", 1), Hard("new", 1)}, kStart, &missing).ok());
  CHECK(missing == std::vector<std::string>{"new"});
  for (size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(Ledger::Deserialize(bytes.substr(0, length), budgets, kStart).ok());
  }
}

std::string ErrorOf(const std::string& bytes) {
  return std::string(Ledger::Deserialize(bytes, {Hard("day", 1)}, kStart).status().message());
}

TEST_CASE("a state with times or money that cannot be is refused by the field's name") {
  Ledger ledger({Hard("day", 1)});
  ledger.Reserve(Call(1, 500, kStart));
  ledger.Reserve(Call(2, 700, kStart));
  ledger.Settle(Id(1), 123);
  ledger.Commit(Id(2));
  const std::string bytes = ledger.Serialize();
  // Every number of eight bytes, from the end: expected, worst, time (behind the byte that says committed), then of the
  // account: final exposure, spent, start.
  const size_t open = bytes.size() - 1 - 3 * 8;
  const size_t open_texts = 4 + 16 + 4 + 4 + 5, account = open - open_texts - 4 - 3 * 8;
  const auto with = [&](size_t at, int64_t value) {
    std::string changed = bytes;
    std::memcpy(changed.data() + at, &value, sizeof(value));
    return ErrorOf(changed);
  };
  CHECK(with(open, kStart).empty());
  CHECK(with(open, INT64_MAX) ==
        "budget ledger: open decision 0: time_us: expected a time of the years 1 to 9999, got 9223372036854775807");
  CHECK(with(open + 8, -5) ==
        "budget ledger: open decision 0: worst_nanos: expected 0 nano-dollars or more, got -5");
  CHECK(with(open + 16, INT64_MIN) ==
        "budget ledger: open decision 0: expected_nanos: expected 0 nano-dollars or more, got -9223372036854775808");
  CHECK(with(account, kStart).empty());
  CHECK(with(account, INT64_MIN) ==
        "budget ledger: account 0: start_us: expected a time of the years 1 to 9999, got -9223372036854775808");
  CHECK(with(account + 8, -1) == "budget ledger: account 0: spent: expected 0 nano-dollars or more, got -1");
  CHECK(with(account + 16, -1) == "budget ledger: account 0: finally_exposed: expected 0 nano-dollars or more, got -1");
  CHECK(ErrorOf(bytes.substr(0, bytes.size() - 1)) == "budget ledger: ends within open decision 0");
}

TEST_CASE("sums of money stop at the end of their numbers, and a hard budget then covers nothing") {
  Ledger ledger({Hard("day", 1e9), Soft("soft", 1)});
  for (uint64_t n = 1; n <= 3; ++n) {
    ledger.Fold(Call(n, INT64_MAX, kStart), kStart);
    ledger.Settle(Id(n), INT64_MAX);
    ledger.Fold(Call(10 + n, INT64_MAX, kStart), kStart);
  }
  CHECK(TotalsOf(ledger, "day").spent == INT64_MAX);
  CHECK(TotalsOf(ledger, "day").reserved == INT64_MAX);
  ledger.ForEach([](const LedgerAccount& account) { CHECK(account.LeftNanos() < 0); });
  const auto refusal = ledger.Refusal(Call(20, 1, kStart));
  REQUIRE(refusal);
  CHECK(refusal->left_nanos < 0);
  ledger.Expire(kStart + kHour);
  CHECK(TotalsOf(ledger, "day").exposure == INT64_MAX);
  ledger.Expire(kStart + 24 * kHour);
  CHECK(ledger.open_decisions() == 0);
}

TEST_CASE("rows with money below 0 or outside the calendar do not keep other budgets from being put in") {
  Ledger ledger({Hard("day", 1)});
  ledger.Fold(Call(1, -500, kStart), kStart);
  ledger.Fold(Call(2, 500, kStart), kStart);
  ledger.Fold(Call(3, 500, INT64_MAX), kStart);
  ledger.Settle(Id(2), -100);
  const Ledger next = ledger.WithBudgets({Hard("day", 2)}, kStart);
  CHECK(TotalsOf(next, "day").spent == 0);
  CHECK(TotalsOf(next, "day").reserved == 0);
  CHECK(next.open_decisions() == 1);
}

// What happened, as the log has it.
struct Event {
  LedgerDecision decision;
  std::string tenant, tier;
  int64_t cost = -1;  // >= 0: its outcome
};

TEST_CASE("random interleavings: never over, nothing lost, and the log folded again gives the same") {
  Budget hour = Hard("hour", 3e-5), tenant = Hard("tenant", 2e-5), soft = Soft("soft", 1e-5), tier = Hard("tier", 9e-5);
  hour.period = BudgetPeriod::kHour;
  tenant.each = BudgetScope::kTenant;
  tenant.lease_s = 120;
  soft.each = BudgetScope::kTenantAndTier;
  soft.lease_s = 5000;
  tier.each = BudgetScope::kTier;
  tier.unsettled = Unsettled::kWorstCase;
  const std::vector<Budget> budgets{hour, tenant, soft, tier, Hard("all", 1e-4)};
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t n) { return random() % n; };
    Ledger ledger(budgets);
    std::vector<Event> log;
    std::map<uint64_t, Event> open;
    std::map<std::string, int64_t> paid;  // by day budget "all"
    int64_t now = kStart + 20 * kHour, refused = 0;
    uint64_t next = 1;
    bool never_over = true;
    int64_t real_spend = 0;
    const int64_t midnight = kStart + 24 * kHour;
    for (int step = 0; step < 4000; ++step) {
      now += static_cast<int64_t>(below(12)) * kSecond;
      if (below(3) > 0) {
        Event event;
        event.tenant = std::string(1, static_cast<char>('a' + below(3)));
        event.tier = below(2) == 0 ? "small" : "large";
        const uint64_t id = next++;
        event.decision = Call(id, static_cast<int64_t>(10 + below(500)), now, event.tenant, event.tier);
        ledger.Expire(now);
        const bool taken = !ledger.Reserve(event.decision);
        refused += !taken;
        if (taken) {
          ledger.Commit(event.decision.id);
          log.push_back(event);
          open.emplace(id, event);
        }
      } else if (!open.empty()) {
        auto it = open.begin();
        std::advance(it, below(std::min<size_t>(open.size(), 8)));
        Event event = it->second;
        if (below(4) > 0) {  // the rest never gets an outcome
          event.cost = static_cast<int64_t>(below(static_cast<uint64_t>(event.decision.worst_nanos) + 1));
          if (event.decision.time_us >= midnight) real_spend += event.cost;
          log.push_back(event);
          ledger.Settle(event.decision.id, event.cost);
        }
        open.erase(it);
      }
      ledger.ForEach([&](const LedgerAccount& account) {
        if (account.budget.kind == BudgetKind::kHard) never_over = never_over && account.LeftNanos() >= 0;
        never_over = never_over && account.reserved_nanos >= 0 && account.exposure_nanos >= 0;
      });
    }
    CAPTURE(seed);
    CHECK(never_over);
    CHECK(refused > 0);
    ledger.Expire(now);
    if (now >= midnight) CHECK(TotalsOf(ledger, "all").spent == real_spend);

    // All decisions, then all outcomes; from nothing, and from a state in the middle.
    const auto fold = [&](Ledger& target, size_t from) {
      for (const bool outcomes : {false, true}) {
        for (size_t i = from; i < log.size(); ++i) {
          if ((log[i].cost >= 0) != outcomes) continue;
          if (outcomes) {
            target.Settle(log[i].decision.id, log[i].cost);
            continue;
          }
          LedgerDecision decision = log[i].decision;
          decision.tenant = log[i].tenant;
          decision.tier = log[i].tier;
          target.Fold(decision, now);
          target.Commit(decision.id);
        }
      }
      target.Expire(now);
    };
    Ledger rebuilt(budgets);
    fold(rebuilt, 0);
    CHECK(rebuilt.Serialize() == ledger.Serialize());
    Ledger half(budgets);
    for (size_t i = 0; i < log.size() / 2; ++i) {
      if (log[i].cost >= 0) {
        half.Settle(log[i].decision.id, log[i].cost);
        continue;
      }
      LedgerDecision decision = log[i].decision;
      decision.tenant = log[i].tenant;
      decision.tier = log[i].tier;
      half.Fold(decision, decision.time_us);
      half.Commit(decision.id);
    }
    auto resumed = Ledger::Deserialize(half.Serialize(), budgets, now);
    REQUIRE(resumed.ok());
    fold(*resumed, log.size() / 2);
    CHECK(resumed->Serialize() == ledger.Serialize());
  }
}

}  // namespace
}  // namespace suffice
