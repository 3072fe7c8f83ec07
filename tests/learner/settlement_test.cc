// What an outcome comes to: dated prices, cached and reasoning tokens, and the model that answered.
#include "learner/settlement.h"

#include <cmath>

#include "catch.h"
#include "learner/statistics.h"

namespace suffice {
namespace {

constexpr int64_t kDay = 86'400'000'000;

// "plain" has one list; "dated" changes on the days 10 and 20; "m" and "m-mini" have models that begin alike.
Config Dated() {
  Config config;
  config.tiers.push_back({.name = "plain", .model = "gpt-4-1106", .price = {2, 8}});
  config.tiers.push_back({.name = "dated",
                          .model = "claude-x",
                          .price = {3, 15, 0.3, 20},
                          .price_changes = {{10 * kDay, {2, 10, 0.2, {}}}, {20 * kDay, {1, 5, {}, {}}}}});
  config.tiers.push_back({.name = "mini", .model = "gpt-4-1106-mini"});
  return config;
}

struct Book {
  Config config = Dated();
  std::string hash = config.Hash();
  std::unique_ptr<EventLog> log = NewMemoryLog(1);
  PriceBook prices{log.get()};

  Book() { REQUIRE(log->SaveConfig(hash, ConfigToYaml(config)).ok()); }
  Settlement Of(const std::string& tier, int64_t time_us, const Outcome& outcome) {
    return Settle({.config_hash = hash, .tier = tier, .time_us = time_us, .input_tokens_estimate = 7}, outcome, prices);
  }
};

Outcome Tokens(int64_t input, int64_t output) {
  Outcome outcome;
  outcome.input_tokens = input;
  outcome.output_tokens = output;
  return outcome;
}

Lesson LessonAt(const Price& price, const Outcome& outcome, bool wrong_model = false) {
  ObservedDecision observed;
  observed.decision.tier = "dated";
  observed.decision.input_tokens_estimate = 7;
  observed.outcome = {.outcome = outcome, .wrong_model = wrong_model};
  observed.feedback.push_back({.feedback = {.reward = 0.5}});
  return LessonOf(observed, {1, 1}, price);
}

}  // namespace

TEST_CASE("a call costs what the list says that was in force when its decision was made") {
  Book book;
  const Outcome outcome = Tokens(1000, 100);
  // The list begins with its first microsecond. When the outcome comes does not matter: it has no say here.
  CHECK(book.Of("dated", 0, outcome).cost_nanos == 3'000'000 + 1'500'000);
  CHECK(book.Of("dated", 10 * kDay - 1, outcome).cost_nanos == 4'500'000);
  CHECK(book.Of("dated", 10 * kDay, outcome).cost_nanos == 3'000'000);
  CHECK(book.Of("dated", 25 * kDay, outcome).cost_nanos == 1'500'000);
  CHECK(book.Of("plain", 25 * kDay, outcome).cost_nanos == 2'800'000);
  CHECK(book.Of("gone", 0, outcome).cost_nanos == 0);
  CHECK(book.prices.Find(book.hash, "dated", 10 * kDay)->output_usd_per_mtok == 10);
  CHECK_FALSE(book.prices.Find("another configuration", "dated", 0).has_value());

  const Tier& dated = book.config.tiers[1];
  CHECK(dated.PriceVersionAt(10 * kDay - 1) == "base");
  CHECK(dated.PriceVersionAt(10 * kDay) == "1970-01-11T00:00:00+00:00");
  CHECK(dated.PriceVersionAt(99 * kDay) == "1970-01-21T00:00:00+00:00");
}

TEST_CASE("cached and reasoning tokens have prices of their own, to the nano-dollar") {
  Book book;
  Outcome outcome = Tokens(1001, 333);
  outcome.cached_input_tokens = 900;
  outcome.reasoning_tokens = 300;
  CHECK(book.Of("dated", 0, outcome).cost_nanos == 101 * 3000 + 900 * 300 + 33 * 15'000 + 300 * 20'000);
  // The list of day 10 has no price for reasoning, that of day 20 none for the cache: they cost as the rest does.
  CHECK(book.Of("dated", 10 * kDay, outcome).cost_nanos == 101 * 2000 + 900 * 200 + 333 * 10'000);
  CHECK(book.Of("dated", 20 * kDay, outcome).cost_nanos == 1001 * 1000 + 333 * 5000);
  // The tier that really served has the price. Input that was not told is estimated, and the cache holds no more.
  outcome.served_tier = "dated";
  outcome.input_tokens.reset();
  CHECK(book.Of("plain", 0, outcome).cost_nanos == 7 * 300 + 33 * 15'000 + 300 * 20'000);
  const Price fine{0.0375, 0.15, 0.00375, {}};
  Outcome few = Tokens(3, 1);
  few.cached_input_tokens = 1;
  CHECK(ListCostNanos(fine, 0, few) == 229);  // 75 + 3.75 + 150
}

TEST_CASE("tokens are learned at one price, so that the prediction is what the call costs") {
  const Price price{3, 15, 0.3, 20};
  Outcome outcome = Tokens(1000, 600);
  outcome.cached_input_tokens = 800;
  outcome.reasoning_tokens = 300;
  const Lesson listed = LessonAt(price, outcome);
  const double cost = static_cast<double>(ListCostNanos(price, 7, outcome)) * 1e-9;
  const auto predicted = [&](const Lesson& lesson) {
    const double output = std::expm1(*lesson.log_tokens);
    return (price.input_usd_per_mtok * *lesson.input_tokens + price.output_usd_per_mtok * output) * 1e-6;
  };
  CHECK(*listed.input_tokens == Approx(200 + 80));
  CHECK(std::expm1(*listed.log_tokens) == Approx(300 + 400));
  CHECK(predicted(listed) == Approx(cost));
  outcome.cost_usd = 2 * cost;  // told: half as much again is explained as output
  const Lesson told = LessonAt(price, outcome);
  CHECK(*told.input_tokens == Approx(280));
  CHECK(predicted(told) == Approx(2 * cost));
  const Lesson plain = LessonAt({3, 0, {}, {}}, Tokens(1000, 600));
  CHECK(*plain.input_tokens == 1000);
  CHECK(std::expm1(*plain.log_tokens) == Approx(600));
}

TEST_CASE("a provider's dated name is the same model, and another tier's is not") {
  CHECK(IsSameModel("gpt-4-1106", "gpt-4-1106"));
  CHECK(IsSameModel("gpt-4-1106", "gpt-4-1106-preview"));
  CHECK(IsSameModel("claude-x", "claude-x@20250101"));
  CHECK(IsSameModel("llama3", "llama3:70b"));
  CHECK_FALSE(IsSameModel("gpt-4", "gpt-4o"));
  CHECK_FALSE(IsSameModel("gpt-4-1106", "gpt-4"));

  Book book;
  Outcome outcome = Tokens(10, 10);
  CHECK_FALSE(book.Of("plain", 0, outcome).wrong_model);  // not told
  outcome.served_model = "gpt-4-1106-preview";
  CHECK_FALSE(book.Of("plain", 0, outcome).wrong_model);
  CHECK(book.Of("dated", 0, outcome).wrong_model);
  outcome.served_model = "gpt-4-1106-mini-2";
  CHECK(book.Of("plain", 0, outcome).wrong_model);
  CHECK_FALSE(book.Of("mini", 0, outcome).wrong_model);
  outcome.served_tier = "mini";  // a fallback that the caller told of
  CHECK_FALSE(book.Of("dated", 0, outcome).wrong_model);
  CHECK_FALSE(book.Of("gone", 0, outcome).wrong_model);
}

TEST_CASE("another model's answer teaches nothing of the tier") {
  Outcome outcome = Tokens(10, 10);
  outcome.latency_ms = 500;
  CHECK(LessonAt({1, 1}, outcome).reward == 0.5);
  CHECK(LessonAt({1, 1}, outcome, /*wrong_model=*/true) == Lesson{});
}

TEST_CASE("the start of a cold tier is not learned as its latency") {
  DecisionRecord decision;
  decision.tier = "dated";
  decision.tiers = {{.tier = "plain", .start_ms = 100}, {.tier = "dated", .start_ms = 5000}};
  CHECK(WarmLatencyMs(5900, decision) == 900);
  CHECK(WarmLatencyMs(1000, decision) == 1000);  // it cannot have been cold
  CHECK(WarmLatencyMs(5001, decision) == Approx(50.01));
  decision.tier = "plain";
  CHECK(WarmLatencyMs(5900, decision) == 5800);
  decision.tiers.clear();
  CHECK(WarmLatencyMs(5900, decision) == 5900);
}

}  // namespace suffice
