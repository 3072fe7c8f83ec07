// The fold of the log: what decisions teach, and that the order of events does not matter.
#include <algorithm>
#include <random>

#include "base/hash.h"
#include "base/ids.h"
#include "catch.h"
#include "features/feature_set.h"
#include "learner/learner.h"
#include "learner/settlement.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr uint64_t kSalt = 11;
constexpr double kTolerance = 1e-9;

Config TwoTiers() {
  Config config;
  config.tiers.push_back(
      {.name = "small", .model = "m-small", .price = {.input_usd_per_mtok = 1, .output_usd_per_mtok = 2}});
  config.tiers.push_back(
      {.name = "large", .model = "m-large", .price = {.input_usd_per_mtok = 10, .output_usd_per_mtok = 20}});
  config.policy.half_life = 100;
  return config;
}

std::string PromptNumber(int i) {
  static const char* const kWords[] = {"translate", "prove", "summarise", "the", "integral",
                                       "letter",    "code",  "sum",       "of",  "paris"};
  std::string text;
  for (int k = 0; k < 6; ++k) text += std::string(kWords[Hash64(std::to_string(i * 31 + k)) % 10]) + " ";
  return text + std::to_string(i);
}

// A log with `n` decisions alternating over two tiers, and the events that they will get.
struct Traffic {
  std::shared_ptr<const Config> config = std::make_shared<const Config>(TwoTiers());
  FeatureSetPtr features = MakeCountedFeatures(config->features);
  std::unique_ptr<EventLog> log = NewMemoryLog(kSalt);
  std::vector<DecisionId> ids;

  explicit Traffic(int n) {
    REQUIRE(log->SaveConfig(config->Hash(), ConfigToYaml(*config)).ok());
    DecisionIdGenerator generator(5);
    for (int i = 0; i < n; ++i) {
      DecisionRecord decision;
      decision.id = generator.Next(1'000'000LL * i);
      decision.tier = decision.policy_tier = i % 3 == 0 ? "large" : "small";
      decision.config_hash = config->Hash();
      decision.feature_version = features->version();
      decision.input_tokens_estimate = 10;
      Sketch sketch;
      SketchText(PromptNumber(i), kSalt, sketch);
      decision.sketch = sketch.Encode();
      decision.features.resize(features->dimensions());
      features->Compute(sketch, decision.features);
      ids.push_back(decision.id);
      REQUIRE(log->AppendDecision(std::move(decision)).ok());
    }
    REQUIRE(log->Flush().ok());
  }

  void Tell(int i, double reward, const std::string& suffix = "") {
    FeedbackRecord record;
    record.feedback = {.feedback_id = std::to_string(i) + suffix, .decision_id = ids[i], .reward = reward};
    log->AppendFeedback(record, [](const absl::StatusOr<Receipt>& receipt) { REQUIRE(receipt.ok()); });
  }

  void Settle(int i, const std::string& served_tier = "", CallStatus status = CallStatus::kOk) {
    OutcomeRecord record;
    record.outcome.decision_id = ids[i];
    record.outcome.output_tokens = 50 + i % 17;
    record.outcome.input_tokens = 12;
    record.outcome.latency_ms = 500 + 10 * (i % 7);
    record.outcome.served_tier = served_tier;
    record.outcome.status = status;
    log->AppendOutcome(record, [](const absl::StatusOr<Receipt>& receipt) { REQUIRE(receipt.ok()); });
  }

  Learner NewLearner() const { return Learner(log.get(), config, features); }
  Statistics Fold() const {
    Learner learner = NewLearner();
    REQUIRE(learner.CatchUpFully().ok());
    return learner.statistics();
  }
};

double RewardOf(int i) { return (i * 37 % 100) / 100.0; }

}  // namespace

TEST_CASE("shuffled, delayed and repeated feedback gives the same statistics") {
  constexpr int kDecisions = 1500;
  Traffic in_order(kDecisions);
  for (int i = 0; i < kDecisions; ++i) {
    in_order.Settle(i);
    in_order.Tell(i, RewardOf(i));
  }
  const Statistics expected = in_order.Fold();

  for (uint64_t seed : {1, 2, 3}) {
    Traffic shuffled(kDecisions);
    Learner learner = shuffled.NewLearner();
    std::vector<int> order(kDecisions);
    for (int i = 0; i < kDecisions; ++i) order[i] = i;
    std::mt19937_64 random(seed);
    std::shuffle(order.begin(), order.end(), random);
    for (int i : order) {
      shuffled.Tell(i, RewardOf(i));
      if (random() % 3 == 0) shuffled.Tell(i, RewardOf(i));     // sent twice
      if (random() % 2 == 0) REQUIRE(learner.CatchUp(7).ok());  // folded piecemeal
      shuffled.Settle(kDecisions - 1 - i);
    }
    REQUIRE(learner.CatchUpFully().ok());
    CHECK(RelativeDifference(learner.statistics(), expected) < kTolerance);
    CHECK(RelativeDifference(shuffled.Fold(), expected) < kTolerance);
  }
}

TEST_CASE("an answer of a fallback teaches the chosen tier nothing, whenever that is learned") {
  Traffic without(40), late(40);
  for (int i = 0; i < 39; ++i) {
    without.Tell(i, RewardOf(i));
    late.Tell(i, RewardOf(i));
  }
  late.Tell(39, 1.0);
  Learner learner = late.NewLearner();
  REQUIRE(learner.CatchUpFully().ok());
  CHECK(RelativeDifference(learner.statistics(), without.Fold()) > 1e-3);
  late.Settle(39, "small");  // decision 39 chose large
  REQUIRE(learner.CatchUpFully().ok());
  CHECK(RelativeDifference(learner.statistics(), without.Fold()) < kTolerance);
}

TEST_CASE("several feedbacks on one decision count as one observation of their mean") {
  Traffic mean(10), several(10);
  mean.Tell(4, 0.5);
  several.Tell(4, 1.0, "-user");
  Learner learner = several.NewLearner();
  REQUIRE(learner.CatchUpFully().ok());
  several.Tell(4, 0.0, "-judge");
  REQUIRE(learner.CatchUpFully().ok());
  CHECK(RelativeDifference(learner.statistics(), mean.Fold()) < kTolerance);
}

TEST_CASE("a failed call teaches neither cost nor latency") {
  Traffic traffic(4);
  traffic.Settle(0, "", CallStatus::kTimeout);
  traffic.Settle(1, "", CallStatus::kOk);
  const Statistics statistics = traffic.Fold();
  CHECK(statistics.tiers().count("large") == 0);
  CHECK(statistics.tiers().at("small").latency.n() == 1);
}

TEST_CASE("told dollars become billed tokens at the price in force") {
  Traffic traffic(3);
  OutcomeRecord record;
  record.outcome.decision_id = traffic.ids[1];
  record.outcome.input_tokens = 1000;
  record.outcome.output_tokens = 1;
  record.outcome.cost_usd = (1.0 * 1000 + 2.0 * 500) * 1e-6;  // small: $1 in, $2 out
  traffic.log->AppendOutcome(record, [](const absl::StatusOr<Receipt>& receipt) { REQUIRE(receipt.ok()); });
  const auto observed = traffic.log->Find(traffic.ids[1]);
  REQUIRE((observed.ok() && observed->has_value()));
  PriceBook prices(traffic.log.get());
  const Lesson lesson = LessonOf(**observed, Learner::kEverything, prices.Find(traffic.config->Hash(), "small", 0));
  REQUIRE(lesson.log_tokens.has_value());
  CHECK(*lesson.log_tokens == Approx(std::log1p(500.0)));
  CHECK(Settle(FactsOf((*observed)->decision), record.outcome, prices).cost_nanos == 1'002'000);
}

TEST_CASE("statistics read back as they were, and nothing else is read") {
  Traffic traffic(300);
  for (int i = 0; i < 300; ++i) traffic.Tell(i, RewardOf(i));
  const Statistics statistics = traffic.Fold();
  const std::string bytes = statistics.Serialize();
  const auto copy = Statistics::Deserialize(bytes, traffic.features, 100);
  REQUIRE(copy.ok());
  CHECK(RelativeDifference(*copy, statistics) == 0);
  CHECK_FALSE(Statistics::Deserialize(bytes, traffic.features, 200).ok());
  for (size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 97) {
    CHECK_FALSE(Statistics::Deserialize(bytes.substr(0, cut), traffic.features, 100).ok());
  }
}

TEST_CASE("a restart resumes from a kept state and its tail, and equals a rebuild") {
  Traffic traffic(900);
  for (int i = 0; i < 500; ++i) traffic.Tell(i, RewardOf(i));
  Learner first = traffic.NewLearner();
  REQUIRE(first.CatchUpFully().ok());
  const SnapshotPtr snapshot = first.NextSnapshot();
  REQUIRE(traffic.log->SaveSnapshot(first.RecordOf(*snapshot, 1, /*with_state=*/true)).ok());
  for (int i = 400; i < 900; ++i) traffic.Tell(i, RewardOf(i), i < 500 ? "-again" : "");

  auto resumed = Learner::Resume(traffic.log.get(), traffic.config);
  REQUIRE(resumed.ok());
  CHECK(resumed->cursor() == snapshot->cursor);
  REQUIRE(resumed->CatchUpFully().ok());
  CHECK(RelativeDifference(resumed->statistics(), traffic.Fold()) < kTolerance);
  CHECK(resumed->NextSnapshot()->number > snapshot->number);
}

TEST_CASE("other features start over from the kept sketches, and never mix") {
  Traffic traffic(600);
  for (int i = 0; i < 600; ++i) traffic.Tell(i, RewardOf(i));
  Learner learner = traffic.NewLearner();
  REQUIRE(learner.CatchUpFully().ok());
  SvdFitter fitter(traffic.config->features, {.dimensions = 8, .salt = kSalt});
  for (int i = 0; i < 600; ++i) {
    Sketch sketch;
    SketchText(PromptNumber(i), kSalt, sketch);
    fitter.Add(sketch);
  }
  const auto fitted = fitter.Fit();
  REQUIRE(fitted.ok());
  learner.ReplaceFeatures(*fitted);
  CHECK(learner.statistics().tiers().empty());
  REQUIRE(learner.CatchUpFully().ok());
  CHECK(learner.statistics().skipped() == 0);
  CHECK(learner.statistics().tiers().at("small").quality.dimensions() == (*fitted)->dimensions());
  CHECK(learner.NextSnapshot()->observations == 600);
  CHECK(std::isinf(RelativeDifference(learner.statistics(), traffic.Fold())));
}

TEST_CASE("a tier added later starts near the mean of the others, at its own price") {
  Traffic traffic(1200);
  for (int i = 0; i < 1200; ++i) {
    traffic.Tell(i, 0.9);
    traffic.Settle(i);
  }
  Learner learner = traffic.NewLearner();
  REQUIRE(learner.CatchUpFully().ok());
  Config with_new = TwoTiers();
  with_new.tiers.push_back(
      {.name = "new", .model = "m-new", .price = {.input_usd_per_mtok = 0, .output_usd_per_mtok = 4}});
  learner.ReplaceConfig(std::make_shared<const Config>(with_new));
  const SnapshotPtr snapshot = learner.NextSnapshot();
  std::vector<float> x(traffic.features->dimensions());
  Sketch sketch;
  SketchText(PromptNumber(3), kSalt, sketch);
  traffic.features->Compute(sketch, x);
  const TierPrediction fresh = snapshot->models[2].Predict(x, 10, 0, with_new.tiers[2].price);
  const TierPrediction known = snapshot->models[0].Predict(x, 10, 0, with_new.tiers[0].price);
  CHECK(fresh.quality == Approx(0.9).margin(0.05));
  CHECK(fresh.quality_sigma > 2 * known.quality_sigma);
  // About 58 tokens an answer at $4 per million.
  CHECK(fresh.cost_usd == Approx(58 * 4e-6).epsilon(0.5));
}

}  // namespace suffice
