#include "evaluation/example_traffic.h"

#include <map>
#include <set>

#include "catch.h"
#include "evaluation/baselines.h"
#include "evaluation/example_prompts.h"

namespace suffice {
namespace {

TEST_CASE("There are a few hundred prompts over sixteen kinds, all different, of every difficulty") {
  std::set<std::string_view> names, texts;
  size_t count = 0;
  for (const PromptKind& kind : ExamplePromptKinds()) {
    CHECK(names.insert(kind.name).second);
    CHECK(kind.prompts.size() >= 12);
    CHECK(kind.ability[0] < kind.ability[1]);
    CHECK(kind.ability[1] < kind.ability[2]);
    for (const ExamplePrompt& prompt : kind.prompts) {
      CHECK(texts.insert(prompt.text).second);
      CHECK(prompt.difficulty > 0);
      CHECK(prompt.difficulty < 1);
      ++count;
    }
  }
  CHECK(names.size() == 16);
  CHECK(count >= 240);
}

TEST_CASE("Every prompt of the traffic is different, also beyond all combinations, and all kinds come early") {
  const Traffic traffic = ExampleTraffic(3, 40000);
  std::set<std::string> prompts;
  std::map<std::string, int> early;
  for (size_t i = 0; i < traffic.rows.size(); ++i) {
    REQUIRE(prompts.insert(traffic.rows[i].prompt).second);
    if (i < 320) ++early[traffic.rows[i].source];
  }
  CHECK(early.size() == 16);
  for (const auto& [kind, count] : early) CHECK(count >= 8);
}

TEST_CASE("The same seed gives the same rows, another seed others, and more rows continue fewer") {
  const Traffic few = ExampleTraffic(1, 20), many = ExampleTraffic(1, 50), other = ExampleTraffic(2, 20);
  int same = 0;
  for (size_t i = 0; i < 20; ++i) {
    CHECK(few.rows[i].prompt == many.rows[i].prompt);
    CHECK(few.rows[i].tiers[1].quality == many.rows[i].tiers[1].quality);
    same += few.rows[i].prompt == other.rows[i].prompt;
  }
  CHECK(same <= 2);
  CHECK(ExampleTraffic(1, 0).rows.empty());
}

TEST_CASE("Qualities follow their known curves, and prices can be read back from the rows") {
  const Traffic traffic = ExampleTraffic(5, 8000);
  const auto& kinds = ExamplePromptKinds();
  std::vector<double> mean(3), expected(3);
  for (const TrafficRow& row : traffic.rows) {
    for (size_t k = 0; k < 3; ++k) {
      mean[k] += row.tiers[k].quality / 8000;
      REQUIRE(*row.tiers[k].latency_ms > *row.tiers[k].ttft_ms);
      REQUIRE(*row.tiers[k].output_tokens >= 1);
    }
  }
  // Every prompt is as frequent as any other; closings add 0.014 of difficulty on average.
  size_t prompts = 0;
  for (size_t kind = 0; kind < kinds.size(); ++kind) {
    for (const ExamplePrompt& prompt : kinds[kind].prompts) {
      ++prompts;
      for (size_t k = 0; k < 3; ++k) expected[k] += ExampleQuality(k, kind, prompt.difficulty + 0.014);
    }
  }
  for (size_t k = 0; k < 3; ++k) CHECK(mean[k] == Approx(expected[k] / static_cast<double>(prompts)).margin(0.015));
  const auto fitted = TiersFromTraffic(traffic), listed = ExampleTiers();
  for (size_t k = 0; k < 3; ++k) {
    CHECK(fitted[k].name == listed[k].name);
    CHECK(fitted[k].price.input_usd_per_mtok == Approx(listed[k].price.input_usd_per_mtok));
    CHECK(fitted[k].price.output_usd_per_mtok == Approx(listed[k].price.output_usd_per_mtok));
  }
}

TEST_CASE("Routing pays: between the cheapest and the dearest tier the optimum is above the best mix") {
  const Traffic traffic = ExampleTraffic(6, 4000);
  const Baselines baselines = MakeBaselines(MakeQualityCostTable(traffic, ExampleTiers()));
  CHECK(baselines.always[0].quality < baselines.always[1].quality);
  CHECK(baselines.always[1].quality < baselines.always[2].quality);
  for (const double cost : {3e-4, 6e-4, 1.2e-3, 2e-3}) {
    CAPTURE(cost, baselines.always[0].cost_usd, baselines.always[2].cost_usd);
    CHECK(cost > baselines.always[0].cost_usd);
    CHECK(cost < baselines.always[2].cost_usd);
    CHECK(baselines.optimum.At(cost) > baselines.best_mix.At(cost) + 0.02);
  }
}

}  // namespace
}  // namespace suffice
