#include "nightly/nightly_testing.h"

#include <fmt/format.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/ids.h"
#include "catch.h"

namespace suffice {

Config NightlyTestConfig() {
  Config config;
  config.tiers = {{.name = "cheap", .model = "m-cheap", .price = {1, 2}},
                  {.name = "strong", .model = "m-strong", .price = {10, 20}}};
  config.judges = {{.name = "words", .kind = JudgeKind::kRegex, .pattern = "."}};
  config.nightly.max_output_tokens = 100;
  config.nightly.run_budget_usd = 1000;
  return config;
}

DecisionRecord NightlyDecision(uint32_t n, bool with_prompt) {
  static DecisionIdGenerator ids(7);
  const double u = UnitInterval(Hash64(fmt::format("decision {}", n)));
  DecisionRecord decision;
  decision.id = ids.Next(1'700'000'000'000'000 + 1'000'000LL * n);
  decision.time_us = 1'700'000'000'000'000 + 1'000'000LL * n;
  decision.tenant = n % 5 == 0 ? "small" : n % 2 == 0 ? "even" : "odd";
  decision.features = {1};
  decision.sketch = "sketch";
  if (with_prompt) decision.prompt = fmt::format("prompt {}", n);
  decision.input_tokens_estimate = 3;
  decision.tier = decision.policy_tier = u < 0.7 ? "cheap" : "strong";
  decision.propensity = u < 0.7 ? 0.7 : 0.3;
  decision.multipliers = {{"quality", 1}};
  decision.tiers = {{.tier = "cheap", .quality = 0.5, .quality_sigma = 0.1, .score = 0.5, .propensity = 0.7},
                    {.tier = "strong", .quality = 0.6, .quality_sigma = 0.1, .score = 0.5 + u * u, .propensity = 0.3}};
  decision.config_hash = "test";
  return decision;
}

NightlyRun MakeTestRun(WorkFile& file, int samples) {
  NightlyRun run{.started_us = 1'700'000'000'000'000, .seed = 5, .source = "log"};
  const auto number = file.AddRun(run);
  REQUIRE(number.ok());
  std::vector<NightlySample> drawn;
  for (int i = 1; i <= samples; ++i) {
    drawn.push_back({.number = i, .id = fmt::format("id-{}", i), .prompt = fmt::format("prompt {}", i)});
  }
  REQUIRE(file.SaveSamples(*number, drawn, "drawn").ok());
  return **file.FindRun(*number);
}

absl::StatusOr<int64_t> FakeChatClient::Run(std::span<const ChatCall> batch, Spending& spending, const Done& done) {
  for (size_t i = 0; i < batch.size(); ++i) {
    if (spending.budget_usd > 0 && spending.spent_usd + batch[i].worst_cost_usd > spending.budget_usd) {
      return static_cast<int64_t>(batch.size() - i);
    }
    if (stop_after >= 0 && calls >= stop_after) return absl::AbortedError("killed");
    ++calls;
    CHECK(keys.insert(batch[i].key).second);
    const ChatAnswer answer = answer_(batch[i]);
    spending.spent_usd += answer.cost_usd;
    if (!done(i, answer)) return 0;
  }
  return 0;
}

absl::StatusOr<int64_t> FakeJudge::Run(std::span<const JudgeTask> batch, ChatClient::Spending& spending,
                                       const Done& done) {
  for (size_t i = 0; i < batch.size(); ++i) {
    tasks.push_back(batch[i]);
    const JudgeVerdict verdict = say_(batch[i]);
    spending.spent_usd += verdict.cost_usd;
    if (!done(i, verdict)) return 0;
  }
  return 0;
}

std::vector<NightlyAnswer> AnswersOf(WorkFile& file, int64_t run) {
  std::vector<NightlyAnswer> answers;
  REQUIRE(file.ForEachAnswer(run, true,
                             [&](const NightlyAnswer& answer) {
                               answers.push_back(answer);
                               return true;
                             })
              .ok());
  return answers;
}

std::vector<NightlyScore> ScoresOf(WorkFile& file, int64_t run) {
  std::vector<NightlyScore> scores;
  REQUIRE(file.ForEachScore(run,
                            [&](const NightlyScore& score) {
                              scores.push_back(score);
                              return true;
                            })
              .ok());
  return scores;
}

}  // namespace suffice
