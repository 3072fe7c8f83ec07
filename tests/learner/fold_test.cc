// The fold of the log: what decisions teach, and that the order of events does not matter.
#include <algorithm>
#include <cmath>
#include <random>

#include "base/hash.h"
#include "base/ids.h"
#include "catch.h"
#include "features/feature_set.h"
#include "learner/learner.h"
#include "learner/release.h"
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

namespace {

// What a refit of everything that was folded so far would leave, on the same features.
Release ReleaseOf(const Learner& learner, int64_t decision_seq) {
  Release release{
      .number = 1, .cursor = learner.cursor(), .decision_seq = decision_seq, .features = learner.features()};
  for (const auto& [name, tier] : learner.statistics().tiers()) {
    release.tiers[name] = {.quality = tier.quality.Discounted(),
                           .output_tokens = tier.output_tokens.Discounted(),
                           .latency = tier.latency.Discounted(),
                           .input_tokens = tier.input_tokens,
                           .input_tokens_estimate = tier.input_tokens_estimate};
  }
  return release;
}

std::shared_ptr<const Config> WithoutForgetting() {
  Config config = TwoTiers();
  config.policy.half_life = 0;
  config.drift.enabled = false;
  return std::make_shared<const Config>(config);
}

}  // namespace

TEST_CASE("a learner on a release of all that was folded goes on as the one that folded it") {
  constexpr int kDecisions = 600;
  Traffic traffic(kDecisions);
  const auto config = WithoutForgetting();
  Learner whole(traffic.log.get(), config, traffic.features);
  for (int i = 0; i < 400; ++i) {
    traffic.Settle(i);
    traffic.Tell(i, RewardOf(i));
  }
  REQUIRE(whole.CatchUpFully().ok());
  const auto release = std::make_shared<const Release>(ReleaseOf(whole, /*decision_seq=*/400));
  Learner on_release(traffic.log.get(), config, release);
  for (int i = 400; i < kDecisions; ++i) {
    traffic.Tell(i, RewardOf(i));
    traffic.Settle(i);
  }
  REQUIRE(whole.CatchUpFully().ok());
  REQUIRE(on_release.CatchUp(7).ok());
  REQUIRE(on_release.CatchUpFully().ok());
  CHECK(on_release.cursor() == whole.cursor());
  const SnapshotPtr a = whole.NextSnapshot(), b = on_release.NextSnapshot();
  CHECK(b->release == 1);
  CHECK(a->observations == Approx(b->observations));
  for (size_t i = 0; i < a->models.size(); ++i) {
    CHECK((a->models[i].quality().theta - b->models[i].quality().theta).norm() < kTolerance);
  }
  // The state of the limits is warmed by what came before the release.
  CHECK(on_release.limits().contexts_seen() == whole.limits().contexts_seen());
}

TEST_CASE("a release reads back as itself, and nothing but itself") {
  Traffic traffic(200);
  for (int i = 0; i < 200; ++i) {
    traffic.Settle(i);
    traffic.Tell(i, RewardOf(i));
  }
  Learner learner(traffic.log.get(), WithoutForgetting(), traffic.features);
  REQUIRE(learner.CatchUpFully().ok());
  Release release = ReleaseOf(learner, 200);
  release.overrides = {"policy.igw.gamma=400", "policy.threshold.alpha=0.3"};
  release.tiers["large"].calibration = {.quality_offset = 0.1, .quality_slope = 0.8, .cost_scale = 1.2};
  release.tiers["large"].labels = 67;
  const std::string bytes = EncodeFit(release);
  const auto again = DecodeRelease({.number = 1, .fit = bytes}, traffic.features);
  REQUIRE(again.ok());
  CHECK(EncodeFit(*again) == bytes);
  CHECK(again->overrides == release.overrides);
  CHECK(again->cursor == release.cursor);
  CHECK(again->tiers.at("large").calibration == release.tiers["large"].calibration);
  CHECK(again->tiers.at("large").labels == 67);
  for (size_t length = 0; length < bytes.size(); length += 1 + length / 50) {
    CHECK_FALSE(DecodeRelease({.fit = bytes.substr(0, length)}, traffic.features).ok());
  }
  CHECK_FALSE(DecodeRelease({.fit = bytes + "x"}, traffic.features).ok());
  const auto effective = WithOverrides(*traffic.config, *again);
  REQUIRE(effective.ok());
  CHECK(effective->policy.igw_gamma == 400);
  Release wrong = release;
  wrong.overrides = {"policy.igw.gama=400"};
  CHECK(WithOverrides(*traffic.config, wrong).status().message().find("policy.igw.gama") != std::string_view::npos);
}

TEST_CASE("a release's calibration bends the models, and their uncertainty with them") {
  Traffic traffic(200);
  for (int i = 0; i < 200; ++i) {
    traffic.Settle(i);
    traffic.Tell(i, RewardOf(i));
  }
  const auto config = WithoutForgetting();
  Learner learner(traffic.log.get(), config, traffic.features);
  REQUIRE(learner.CatchUpFully().ok());
  Release plain = ReleaseOf(learner, 200), bent = plain;
  bent.tiers["small"].calibration = {
      .quality_offset = 0.1, .quality_slope = 0.5, .cost_scale = 2, .latency_log_offset = std::log(3.0)};
  const auto predict = [&](const Release& release) {
    Learner on(traffic.log.get(), config, std::make_shared<const Release>(release));
    REQUIRE(on.CatchUpFully().ok());
    std::vector<float> x(static_cast<size_t>(traffic.features->dimensions()), 0.25F);
    x[0] = 1;
    return on.NextSnapshot()->models[0].Predict(x, 0, 0, config->tiers[0].price);
  };
  const TierPrediction a = predict(plain), b = predict(bent);
  CHECK(b.quality == Approx(0.1 + 0.5 * a.quality));
  CHECK(b.quality_sigma == Approx(0.5 * a.quality_sigma));
  CHECK(b.cost_usd == Approx(2 * a.cost_usd));
  CHECK(b.latency_ms == Approx(3 * a.latency_ms));
}

}  // namespace suffice
