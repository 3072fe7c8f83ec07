// Deleting what is old: the statistics are those of a log that keeps everything, whenever the fold begins.
#include "engine/retention.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <random>

#include "absl/time/clock.h"
#include "base/ids.h"
#include "catch.h"
#include "engine_testing.h"
#include "features/feature_set.h"
#include "learner/learner.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr int64_t kHourUs = 3'600'000'000;
constexpr int64_t kDayUs = 24 * kHourUs;
constexpr double kTolerance = 1e-9;

// Two logs of the same traffic, one of which deletes.
class Twins {
 public:
  Twins() {
    Config config = ThreeTierConfig();
    config.policy.half_life = 300;
    config_ = std::make_shared<const Config>(config);
    features_ = MakeCountedFeatures(config_->features);
    for (EventLog* log : {deleting.get(), keeping.get()}) {
      REQUIRE(log->SaveConfig(config_->Hash(), ConfigToYaml(*config_)).ok());
    }
    learner.emplace(deleting.get(), config_, features_);
  }

  void Decide(int64_t time_us) {
    DecisionRecord decision;
    decision.id = ids_.Next(time_us);
    decision.time_us = time_us;
    decision.tier = config_->tiers[random_() % 3].name;
    decision.config_hash = config_->Hash();
    decision.feature_version = features_->version();
    decision.input_tokens_estimate = 10;
    Sketch sketch;
    SketchText(PromptNumber(static_cast<int>(made.size())), 1, sketch);
    decision.features.resize(static_cast<size_t>(features_->dimensions()));
    features_->Compute(sketch, decision.features);
    made.push_back(decision.id);
    for (EventLog* log : {deleting.get(), keeping.get()}) REQUIRE(log->AppendDecision(decision).ok());
  }
  // The same for both logs, while both know the decision.
  void Tell(size_t i, int64_t now_us) {
    if (!deleting->Find(made[i])->has_value()) return;
    for (EventLog* log : {deleting.get(), keeping.get()}) {
      FeedbackRecord feedback{.time_us = now_us};
      feedback.feedback = {.feedback_id = fmt::format("{}-{}", i, told_), .decision_id = made[i], .reward = (told_ % 5) / 4.0};
      OutcomeRecord outcome{.time_us = now_us};
      outcome.outcome = {.decision_id = made[i], .output_tokens = 40 + static_cast<int64_t>(i % 23), .latency_ms = 300};
      log->AppendOutcome(outcome, nullptr);
      log->AppendFeedback(feedback, nullptr);
    }
    ++told_;
  }
  LogCursor KeepBase() {
    const SnapshotPtr snapshot = learner->NextSnapshot();
    REQUIRE(deleting->SaveSnapshot(learner->RecordOf(*snapshot, 1, /*with_state=*/true)).ok());
    REQUIRE(deleting->MakeBase(snapshot->number).ok());
    learner->BeginAt(snapshot->cursor);
    ++bases;
    return snapshot->cursor;
  }
  Statistics FoldOf(EventLog& log) const {
    auto again = Learner::Begin(&log, config_, 0);
    REQUIRE(again.ok());
    REQUIRE(again->CatchUpFully().ok());
    return again->statistics();
  }
  const std::shared_ptr<const Config>& config() const { return config_; }

  std::unique_ptr<EventLog> deleting = NewMemoryLog(1), keeping = NewMemoryLog(1);
  std::optional<Learner> learner;  // of the log that deletes
  std::vector<DecisionId> made;
  int bases = 0;

 private:
  std::shared_ptr<const Config> config_;
  FeatureSetPtr features_;
  DecisionIdGenerator ids_{7};
  std::mt19937_64 random_{11};
  int told_ = 0;
};

}  // namespace

TEST_CASE("statistics after deletions are those of a log that keeps everything") {
  Twins twins;
  std::mt19937_64 random(5);
  int64_t now_us = 100 * kDayUs;
  for (int hour = 0; hour < 24 * 20; ++hour, now_us += kHourUs) {
    for (int i = 0; i < 6; ++i) twins.Decide(now_us + i);
    // Most feedback is quick, some comes days later, or twice.
    for (int i = 0; i < 5; ++i) twins.Tell(twins.made.size() - 1 - random() % 6, now_us);
    twins.Tell(twins.made.size() - 1 - random() % std::min<size_t>(twins.made.size(), 400), now_us);
    REQUIRE(twins.learner->CatchUpFully().ok());
    // Its pauses are of real time, so each hour has a new one.
    Retention retention(twins.deleting.get(), /*keep_days=*/2);
    REQUIRE(retention.Round(now_us, now_us, twins.learner->beginning(), [&] { return twins.KeepBase(); }).ok());
    CHECK(RelativeDifference(twins.learner->statistics(), twins.FoldOf(*twins.deleting)) < kTolerance);
  }
  CHECK(twins.bases > 1);
  CHECK(**twins.deleting->FirstDecisionTime() > 100 * kDayUs);
  CHECK(RelativeDifference(twins.learner->statistics(), twins.FoldOf(*twins.keeping)) < kTolerance);
}

TEST_CASE("a day is 86,400 seconds of the log's clock, and what budgets need stays") {
  Twins twins;
  const int64_t start_us = 100 * kDayUs;
  for (int hour = 0; hour < 48; ++hour) twins.Decide(start_us + hour * kHourUs);
  const auto no_base = []() -> absl::StatusOr<LogCursor> { return absl::InternalError("there is nothing to cover"); };
  const auto round = [&](int64_t now_us, int64_t needed_us) {
    Retention retention(twins.deleting.get(), /*keep_days=*/1);
    REQUIRE(retention.Round(now_us, needed_us, {}, no_base).ok());
    return (**twins.deleting->FirstDecisionTime() - start_us) / kHourUs;
  };
  CHECK(round(start_us + kDayUs, INT64_MAX) == 0);
  CHECK(round(start_us + kDayUs + 1, INT64_MAX) == 1);
  CHECK(round(start_us + kDayUs + 3 * kHourUs, INT64_MAX) == 3);
  CHECK(round(start_us + 2 * kDayUs, start_us + 5 * kHourUs) == 5);
  Retention never(twins.deleting.get(), /*keep_days=*/0);
  REQUIRE(never.Round(start_us + 900 * kDayUs, INT64_MAX, {}, no_base).ok());
  CHECK((**twins.deleting->FirstDecisionTime() - start_us) / kHourUs == 5);
}

TEST_CASE("other features or another half-life begin with what the log has kept") {
  Twins twins;
  const int64_t start_us = 100 * kDayUs;
  for (int i = 0; i < 100; ++i) {
    twins.Decide(start_us + i);
    twins.Tell(static_cast<size_t>(i), start_us + i);
  }
  REQUIRE(twins.learner->CatchUpFully().ok());
  Retention retention(twins.deleting.get(), /*keep_days=*/1);
  REQUIRE(retention.Round(start_us + kDayUs + 60, INT64_MAX, {}, [&] { return twins.KeepBase(); }).ok());
  CHECK(twins.FoldOf(*twins.deleting).tiers().size() == 3);
  Config other = *twins.config();
  other.policy.half_life = 50;
  auto again = Learner::Begin(twins.deleting.get(), std::make_shared<const Config>(other), 0);
  REQUIRE(again.ok());
  CHECK(again->beginning() == LogCursor{});
  REQUIRE(again->CatchUpFully().ok());
  CHECK(again->NextSnapshot()->observations == 40);
}

TEST_CASE("an engine deletes what is older than log.keep_days, answers for it, and starts again as it was") {
  Store store;
  Config config = ThreeTierConfig();
  auto engine = MustOpen(store, config);
  const Decision old = MustRoute(*engine, "an old one");
  Teach(*engine, 0, 600, {0.2, 0.5, 0.9}, 100);
  REQUIRE(engine->Close().ok());
  Execute(store, "UPDATE decisions SET time_us = time_us - 3 * 86400 * 1000000");
  // The half-life keeps every bucket, so all 600 still count.
  config.log.keep_days = 2;
  engine = MustOpen(store, config);
  const Decision before = Look(*engine, "Prove that the sum is even.");
  const Decision fresh = MustRoute(*engine, "a new one");
  Tell(*engine, fresh, 0.5);
  REQUIRE(engine->Sync().ok());
  const auto rows = [&] { return SelectInteger(store, "SELECT count(*) FROM decisions"); };
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (rows() > 1 && absl::Now() < deadline) REQUIRE(engine->Sync().ok());
  CHECK(rows() == 1);
  CHECK(SelectInteger(store, "SELECT count(*) FROM feedback") == 1);
  const auto late = engine->RecordFeedback({.feedback_id = "late", .decision_id = old.id, .reward = 1});
  CHECK(late.status().code() == absl::StatusCode::kNotFound);
  CHECK(engine->Status().unknown_feedbacks == 1);
  CHECK(engine->Status().observations == 601);
  const Decision after = Look(*engine, "Prove that the sum is even.");
  REQUIRE(engine->Close().ok());

  engine = MustOpen(store, config);
  CHECK(engine->Status().observations == 601);
  CheckSamePredictions(after, Look(*engine, "Prove that the sum is even."));
  REQUIRE(engine->Close().ok());
  // Without the newer states the fold begins with the base.
  Execute(store, "UPDATE snapshots SET state = NULL WHERE number NOT IN (SELECT snapshot FROM bases)");
  engine = MustOpen(store, config);
  CHECK(engine->Status().observations == 601);
  CheckSamePredictions(after, Look(*engine, "Prove that the sum is even."));
  CHECK(before.snapshot < after.snapshot);
}

}  // namespace suffice
