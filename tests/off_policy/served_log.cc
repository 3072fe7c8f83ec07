#include "off_policy/served_log.h"

#include "base/hash.h"
#include "base/ids.h"
#include "base/money.h"
#include "catch.h"
#include "engine/decide.h"
#include "evaluation/example_traffic.h"
#include "learner/learner.h"

namespace suffice {
namespace {

void Tell(EventLog& log, const DecisionId& id, double reward, FeedbackSource source) {
  FeedbackRecord record;
  record.feedback = {.feedback_id = id.ToString() + (source == FeedbackSource::kJudge ? " judge" : " user"),
                     .decision_id = id,
                     .reward = std::clamp(reward, 0.0, 1.0),
                     .source = source};
  log.AppendFeedback(std::move(record), [](const absl::StatusOr<Receipt>& receipt) { REQUIRE(receipt.ok()); });
}

}  // namespace

Config ExampleConfig(PolicyKind kind) {
  Config config;
  config.tiers = ExampleTiers();
  config.policy.kind = kind;
  config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 60};
  config.features.fit_after_prompts = 0;
  return config;
}

ServedLog Serve(const ServeOptions& options, std::unique_ptr<EventLog> into) {
  ServedLog served{.log = into ? std::move(into) : NewMemoryLog(7),
                   .traffic = ExampleTraffic(options.seed, options.rows)};
  EventLog& log = *served.log;
  const auto config = std::make_shared<const Config>(options.config);
  REQUIRE(log.SaveConfig(config->Hash(), ConfigToYaml(*config)).ok());
  Learner learner(&log, config, MakeCountedFeatures(config->features));
  SnapshotPtr snapshot = learner.NextSnapshot();
  DecisionIdGenerator ids(options.seed);
  int64_t now_us = 1'700'000'000'000'000;
  for (const TrafficRow& row : served.traffic.rows) {
    RouteRequest request;
    request.prompt = row.prompt;
    now_us += 1'000'000;
    auto decided = Decide(*snapshot, request,
                          {.id = ids.Next(now_us), .time_us = now_us, .seed = options.seed, .salt = log.salt()});
    REQUIRE(decided.ok());
    REQUIRE(log.AppendDecision(*decided).ok());
    const TrafficTier& answer = row.tiers[static_cast<size_t>(config->TierIndex(decided->tier))];
    OutcomeRecord outcome;
    outcome.time_us = now_us;
    outcome.outcome.decision_id = decided->id;
    outcome.outcome.input_tokens = answer.input_tokens;
    outcome.outcome.output_tokens = answer.output_tokens;
    outcome.outcome.cost_usd = answer.cost_usd;
    outcome.outcome.latency_ms = answer.latency_ms;
    outcome.cost_nanos = Money::FromUsd(*answer.cost_usd).nanos;
    log.AppendOutcome(std::move(outcome), [](const absl::StatusOr<Receipt>& receipt) { REQUIRE(receipt.ok()); });
    if (UnitInterval(Hash64(decided->id.Raw(), 99)) < options.user_rate) {
      const bool flip = decided->id.ToString() == options.flipped;
      Tell(log, decided->id, flip ? 1 - answer.quality : answer.quality, FeedbackSource::kUser);
    }
    if (options.judge_audits && decided->audit) {
      const double bias = decided->tier == config->tiers[0].name ? options.judge_bias : 0;
      Tell(log, decided->id, answer.quality + bias, FeedbackSource::kJudge);
    }
    served.decided.push_back(*std::move(decided));
    if (served.decided.size() % 100 == 0) {
      REQUIRE(learner.CatchUpFully().ok());
      snapshot = learner.NextSnapshot();
    }
  }
  REQUIRE(log.Flush().ok());
  return served;
}

}  // namespace suffice
