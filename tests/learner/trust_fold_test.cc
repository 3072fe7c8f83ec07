// How far senders are believed: a fold of the log that finds who lies, leaves the honest alone, and does not depend on
// batches, restarts or, once it is sure, the order of feedback.
#include "learner/trust_fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/ids.h"
#include "catch.h"
#include "learner/learner.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr double kTolerance = 1e-9;

// A log of two tiers whose answers are worth 0.8 (small) and 0.6 (large), as predicted, told by `senders`, of whom the
// first `liars` always tell 0 of small and 1 of large.
struct World {
  int n = 3000;
  int senders = 20;
  int liars = 2;
  double spread = 0;  // standard deviation of what honest senders' rewards differ by
  double alarm = TrustConfig().alarm;
  double max_share = 1;
  bool shuffled = false;
  bool drifts = true;  // drift is noticed; its sums depend on the order of feedback
  uint64_t seed = 1;

  std::shared_ptr<const Config> config;
  FeatureSetPtr features;
  std::unique_ptr<EventLog> log = NewMemoryLog(11);

  void Make() {
    Config c;
    c.tiers.push_back({.name = "small", .model = "s", .price = {.output_usd_per_mtok = 2}});
    c.tiers.push_back({.name = "large", .model = "l", .price = {.output_usd_per_mtok = 20}});
    c.trust = {.max_share = max_share, .alarm = alarm};
    c.drift.enabled = drifts;
    config = std::make_shared<const Config>(c);
    features = MakeCountedFeatures(config->features);
    REQUIRE(log->SaveConfig(config->Hash(), ConfigToYaml(*config)).ok());
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::vector<double> offsets;
    for (int s = 0; s < senders; ++s) offsets.push_back(spread * normal(random));
    DecisionIdGenerator ids(5);
    std::vector<FeedbackRecord> told;
    for (int i = 0; i < n; ++i) {
      const DecisionRecord decision = Decide(i, ids);
      REQUIRE(log->AppendDecision(decision).ok());
      const int sender = static_cast<int>(random() % static_cast<uint64_t>(senders));
      const bool small = decision.tier == "small";
      const double truth = (small ? 0.8 : 0.6) + offsets[static_cast<size_t>(sender)] + 0.15 * normal(random);
      const double reward = sender < liars ? (small ? 0 : 1) : std::clamp(truth, 0.0, 1.0);
      FeedbackRecord record{.time_us = decision.time_us};
      record.feedback = {.feedback_id = std::to_string(i),
                         .decision_id = decision.id,
                         .reward = reward,
                         .sender = fmt::format("key-{}", sender)};
      told.push_back(record);
    }
    if (shuffled) std::shuffle(told.begin(), told.end(), random);
    for (const FeedbackRecord& record : told) log->AppendFeedback(record, {});
  }

  DecisionRecord Decide(int i, DecisionIdGenerator& ids) const {
    DecisionRecord decision;
    decision.time_us = 1'000'000LL * (i + 1);
    decision.id = ids.Next(decision.time_us);
    decision.tier = decision.policy_tier = i % 4 == 0 ? "large" : "small";
    decision.config_hash = config->Hash();
    decision.feature_version = features->version();
    decision.features.assign(features->dimensions(), 0);
    decision.features[0] = 1;
    decision.features[1 + i % 7] = 0.5;
    for (const char* tier : {"small", "large"}) {
      TierView view;
      view.tier = tier;
      view.quality = view.tier == "small" ? 0.8 : 0.6;
      view.observations = 500;
      decision.tiers.push_back(view);
    }
    return decision;
  }

  Learner NewLearner() const { return Learner(log.get(), config, features); }
  Statistics Fold(int64_t limit = 4096) const {
    Learner learner = NewLearner();
    for (bool more = true; more;) {
      const auto status = learner.CatchUp(limit);
      REQUIRE(status.ok());
      more = *status;
    }
    return learner.statistics();
  }
};

double BelievedMean(const Statistics& statistics, const std::string& tier) {
  const RidgeStatistics sums = statistics.tiers().at(tier).Quality(statistics.trust().weights(), 1);
  return sums.y_sum() / sums.n();
}

double PlainMean(const Statistics& statistics, const std::string& tier) {
  const RidgeStatistics sums = statistics.tiers().at(tier).quality.Discounted();
  return sums.y_sum() / sums.n();
}

// One feedback on a decision of its own.
void FoldOne(TrustFold& fold, const std::string& sender, const std::string& tier, double predicted, double reward,
             int64_t before, int64_t at) {
  ObservedDecision observed;
  observed.decision.tier = tier;
  observed.decision.tiers.resize(1);
  observed.decision.tiers[0].tier = tier;
  observed.decision.tiers[0].quality = predicted;
  observed.feedback.resize(1);
  observed.feedback[0].seq = at;
  observed.feedback[0].feedback = {.reward = reward, .sender = sender};
  fold.Fold(std::vector{observed}, {0, before}, {0, at});
}

double WeightOf(const Statistics& statistics, int sender) {
  const int number = statistics.trust().NumberOf(fmt::format("key-{}", sender));
  return statistics.trust().weights()[static_cast<size_t>(number)];
}

}  // namespace

TEST_CASE("senders that lie in concert are believed less, and the honest as before") {
  World world;
  world.Make();
  const Statistics statistics = world.Fold();
  for (int s = 0; s < world.senders; ++s) {
    INFO("sender " << s);
    if (s < world.liars) {
      CHECK(WeightOf(statistics, s) < 0.3);
    } else {
      CHECK(WeightOf(statistics, s) == 1);
    }
  }
  CHECK(PlainMean(statistics, "small") < 0.74);
  CHECK(BelievedMean(statistics, "small") > 0.765);
  CHECK(PlainMean(statistics, "large") > 0.62);
  CHECK(BelievedMean(statistics, "large") < 0.62);

  const SnapshotPtr snapshot = MakeSnapshot(1, {}, world.config, world.config->Hash(), statistics);
  std::vector<std::pair<std::string, std::string>> told;
  for (const SenderStatus& sender : snapshot->senders) {
    CHECK((sender.departure < 0) == (sender.tier == "small"));
    CHECK(sender.share == Approx(0.05).margin(0.04));
    told.emplace_back(sender.sender, sender.tier);
  }
  std::sort(told.begin(), told.end());
  CHECK(told == std::vector<std::pair<std::string, std::string>>{
                    {"key-0", "large"}, {"key-0", "small"}, {"key-1", "large"}, {"key-1", "small"}});
}

TEST_CASE("honest senders that differ among themselves are believed, and none is alarmed of") {
  int doubted = 0;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    World world{.liars = 0, .spread = 0.08, .seed = seed};
    world.Make();
    const Statistics statistics = world.Fold();
    for (int s = 0; s < world.senders; ++s) {
      CHECK(WeightOf(statistics, s) > 0.5);
      doubted += WeightOf(statistics, s) < 1;
    }
    CHECK(MakeSnapshot(1, {}, world.config, world.config->Hash(), statistics)->senders.empty());
  }
  CHECK(doubted <= 2);  // of 100
}

TEST_CASE("where few honest senders differ among themselves it is seldom that one is doubted") {
  constexpr int kWorlds = 25;
  for (const int senders : {4, 5, 8}) {
    int doubted = 0;
    for (uint64_t seed = 1; seed <= kWorlds; ++seed) {
      World world{.n = 600, .senders = senders, .liars = 0, .spread = 0.08, .seed = seed};
      world.Make();
      const Statistics statistics = world.Fold();
      for (int s = 0; s < senders; ++s) doubted += WeightOf(statistics, s) < 1;
    }
    CAPTURE(senders, doubted);
    CHECK(doubted <= kWorlds * senders / 20);
  }
}

// The mean of few such rewards is far from normal: three of four are 0 with a probability of 0.0005, and that would be 6
// standard errors.
TEST_CASE("of honest senders whose rewards are seldom 0 few are doubted, and fewer are alarmed of, while little is known") {
  constexpr int kRuns = 40, kHonest = 30, kRewards = 25 * kHonest;
  int64_t looks = 0, doubted = 0, alarmed = 0;
  for (uint64_t seed = 1; seed <= kRuns; ++seed) {
    TrustFold fold{TrustConfig()};
    std::mt19937_64 random(seed);
    for (int64_t i = 1; i <= kRewards; ++i) {
      const double reward = random() % 20 == 0 ? 0 : 1;
      FoldOne(fold, fmt::format("key-{}", random() % kHonest), "small", 0.95, reward, i - 1, i);
      if (i % kHonest != 0) continue;
      for (const auto& [number, sender] : fold.tiers().begin()->second.senders) {
        ++looks;
        doubted += sender.weight < 1;
        alarmed += sender.alarm_seq > 0;
      }
    }
  }
  CAPTURE(looks, doubted, alarmed);
  CHECK(doubted < looks / 200);
  CHECK(alarmed < looks / 5000);
}

// A dear tier that is hardly asked: what is told of it is soon enough to know who lies.
TEST_CASE("six lies on a tier that is nearly always good are enough") {
  TrustFold fold{TrustConfig()};
  std::mt19937_64 random(1);
  int64_t seq = 0;
  for (int round = 0; round < 6; ++round) {
    for (int s = 0; s < 20; ++s) {
      const double reward = s == 0 ? 0 : random() % 20 == 0 ? 0.5 : 1;
      FoldOne(fold, fmt::format("key-{}", s), "large", 0.95, reward, seq, seq + 1);
      ++seq;
    }
  }
  for (int s = 0; s < 20; ++s) {
    INFO("sender " << s);
    const double weight = fold.weights()[static_cast<size_t>(fold.NumberOf(fmt::format("key-{}", s)))];
    CHECK((weight < 0.1) == (s == 0));
  }
}

TEST_CASE("with one sender the sums are those without any trust, to the last bit") {
  World world{.senders = 1, .liars = 1, .max_share = 0.5};
  world.Make();
  const Statistics statistics = world.Fold();
  for (const auto& [name, tier] : statistics.tiers()) {
    const RidgeStatistics plain = tier.quality.Discounted();
    const RidgeStatistics believed = tier.Quality(statistics.trust().weights(), world.max_share);
    CHECK(believed.b() == plain.b());
    CHECK(believed.yy() == plain.yy());
  }
}

TEST_CASE("trust does not depend on how the log is cut into batches, nor on a restart") {
  World world;
  world.Make();
  const Statistics expected = world.Fold();
  for (const int64_t limit : {1, 7, 500}) {
    const Statistics statistics = world.Fold(limit);
    CHECK(statistics.trust() == expected.trust());
    CHECK(RelativeDifference(statistics, expected) < kTolerance);
  }
  Learner learner = world.NewLearner();
  REQUIRE(learner.CatchUp(1234).ok());
  const SnapshotPtr half = learner.NextSnapshot();
  REQUIRE(world.log->SaveSnapshot(learner.RecordOf(*half, 1, /*with_state=*/true)).ok());
  auto resumed = Learner::Resume(world.log.get(), world.config);
  REQUIRE(resumed.ok());
  CHECK(resumed->cursor() == half->cursor);
  REQUIRE(resumed->CatchUpFully().ok());
  CHECK(resumed->statistics().trust() == expected.trust());
  CHECK(RelativeDifference(resumed->statistics(), expected) < kTolerance);
}

TEST_CASE("lies are found whatever order feedback comes in, those from before they were found, too") {
  World in_order{.drifts = false}, shuffled{.shuffled = true, .drifts = false};
  in_order.Make();
  shuffled.Make();
  const Statistics expected = in_order.Fold(), other = shuffled.Fold();
  for (int s = 0; s < in_order.senders; ++s) CHECK(WeightOf(other, s) == Approx(WeightOf(expected, s)));
  CHECK(RelativeDifference(other, expected) < kTolerance);
}

TEST_CASE("a second opinion changes who told how much of a decision") {
  World world{.n = 400, .senders = 10, .liars = 1};
  world.Make();
  Learner learner = world.NewLearner();
  REQUIRE(learner.CatchUpFully().ok());
  std::vector<DecisionId> ids;
  REQUIRE(world.log->ScanDecisions(0, 50, [&](const DecisionRecord& d) { return ids.push_back(d.id), true; }).ok());
  for (const DecisionId& id : ids) {
    FeedbackRecord record;
    record.feedback = {.feedback_id = "again-" + id.ToString(), .decision_id = id, .reward = 0.9, .sender = "key-0"};
    world.log->AppendFeedback(record, {});
    REQUIRE(learner.CatchUp(1).ok());
  }
  REQUIRE(learner.CatchUpFully().ok());
  CHECK(RelativeDifference(learner.statistics(), world.Fold()) < kTolerance);
}

TEST_CASE("trust.alarm 0 believes everybody") {
  World world{.alarm = 0};
  world.Make();
  const Statistics statistics = world.Fold();
  for (int s = 0; s < world.senders; ++s) CHECK(WeightOf(statistics, s) == 1);
}

TEST_CASE("senders beyond the number that are told apart count as one, until others fall silent") {
  TrustFold fold{TrustConfig()};
  int64_t seq = 0;
  const auto tell = [&](const std::string& sender, int64_t at) {
    FoldOne(fold, sender, "small", /*predicted=*/0, /*reward=*/0.5, seq, at);
    seq = at;
  };
  for (int s = 0; s < TrustFold::kSenders; ++s) tell(fmt::format("key-{}", s), seq + 1);
  tell("late", seq + 1);
  CHECK(fold.NumberOf("late") == 0);
  CHECK(fold.NumberOf("key-63") == 64);
  const int first = fold.NumberOf("key-0");
  tell("late", seq + 100000);
  CHECK(fold.given_up() == std::vector<int>{first});
  CHECK(fold.NumberOf("late") == first);
  CHECK(fold.NumberOf("key-0") == 0);

  std::string bytes;
  fold.AppendTo(bytes);
  std::string_view view = bytes;
  const auto read = TrustFold::Read(view, TrustConfig());
  REQUIRE(read.ok());
  CHECK(*read == fold);
  view = bytes;
  CHECK_FALSE(TrustFold::Read(view, {.alarm = 3}).ok());
  for (size_t cut = 0; cut < bytes.size(); cut += 11) {
    std::string_view part = std::string_view(bytes).substr(0, cut);
    CHECK_FALSE(TrustFold::Read(part, TrustConfig()).ok());
  }
}

}  // namespace suffice
