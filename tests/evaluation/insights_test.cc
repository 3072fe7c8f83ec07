// What a log says of tiers and prompts that changed, and of features that matter.
#include "evaluation/insights.h"

#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "base/ids.h"
#include "catch.h"

namespace suffice {
namespace {

// A log of `n` decisions drawn evenly over two tiers by a policy that predicts well. Large's quality falls with the
// feature "hard" and is lower by `drop` in the second half.
class World {
 public:
  explicit World(int n, double drop) {
    config_.tiers = {{.name = "small", .model = "s"}, {.name = "large", .model = "l"}};
    config_.features.numeric = {{.name = "hard"}, {.name = "idle"}};
    config_.features.fit_after_prompts = 0;
    config_.policy.half_life = 0;
    features_ = MakeCountedFeatures(config_.features);
    REQUIRE(log_->SaveConfig(config_.Hash(), ConfigToYaml(config_)).ok());
    for (int i = 0; i < n; ++i) Add(i, i >= n / 2 ? drop : 0);
  }

  InsightEvidence Evidence() {
    auto evidence = GatherInsights(*log_, std::make_shared<const Config>(config_), 1 << 20);
    INFO(evidence.status().ToString());
    REQUIRE(evidence.ok());
    return *std::move(evidence);
  }

 private:
  void Add(int i, double drop) {
    const double hard = noise_(random_), idle = noise_(random_);
    const bool large = random_() % 2 == 0;
    const double predicted = large ? 0.7 - 0.1 * hard : 0.5;
    DecisionRecord decision;
    decision.time_us = 1'000'000 * int64_t{i + 1};
    const DecisionId id = decision.id = ids_.Next(decision.time_us);
    decision.config_hash = config_.Hash();
    decision.feature_version = features_->version();
    decision.features.assign(static_cast<size_t>(features_->dimensions()), 0);
    decision.features[0] = 1;
    decision.features[1] = static_cast<float>(hard);
    decision.features[2] = static_cast<float>(idle);
    decision.tier = decision.policy_tier = large ? "large" : "small";
    decision.tiers = {{.tier = "small", .quality = 0.5, .observations = 500, .propensity = 0.5},
                      {.tier = "large", .quality = predicted, .observations = 500, .propensity = 0.5}};
    decision.propensity = 0.5;
    decision.prompt = hard > 0 ? "hard\twork" : "easy work";
    REQUIRE(log_->AppendDecision(std::move(decision)).ok());
    FeedbackRecord record{.time_us = 1'000'000 * int64_t{i + 1}};
    const double reward = predicted - (large ? drop : 0) + 0.05 * noise_(random_);
    record.feedback = {.feedback_id = id.ToString(), .decision_id = id, .reward = std::clamp(reward, 0.0, 1.0)};
    log_->AppendFeedback(std::move(record), nullptr);
  }

  Config config_;
  FeatureSetPtr features_;
  std::unique_ptr<EventLog> log_ = NewMemoryLog(1);
  DecisionIdGenerator ids_{1};
  std::mt19937_64 random_{5};
  std::normal_distribution<double> noise_;
};

const FeatureEffect& EffectOf(const TierImportance& tier, const std::string& dimension) {
  for (const FeatureEffect& effect : tier.effects) {
    if (effect.dimension == dimension) return effect;
  }
  FAIL("no effect of " << dimension);
  return tier.effects.front();
}

}  // namespace

TEST_CASE("the feature that moves a tier's quality is found, with its size, and the one that does not is not") {
  World world(4000, 0);
  const InsightReport report = FindInsights(world.Evidence(), {});
  REQUIRE(report.importance.size() == 2);
  const TierImportance &small = report.importance[0], &large = report.importance[1];
  CHECK(large.effects[0].dimension == "hard");
  CHECK(large.effects[0].effect.marked);
  CHECK(large.effects[0].effect.value == Approx(-0.1).margin(0.02));  // shrunk by the ridge
  CHECK(large.explained > 0.5);
  CHECK_FALSE(EffectOf(large, "idle").effect.marked);
  CHECK_FALSE(EffectOf(small, "hard").effect.marked);
  CHECK(small.explained < 0.05);
  REQUIRE_FALSE(report.contrasts.empty());
  CHECK(report.contrasts[0].dimension == "hard");
  CHECK(report.contrasts[0].tier == "small");
  CHECK(report.contrasts[0].other == "large");
  CHECK(report.contrasts[0].difference.value > 0.07);
  CHECK(report.contrasts[0].difference.marked);
}

TEST_CASE("the tier whose answers got worse is found, and nothing where nothing changed") {
  const InsightReport same = FindInsights(World(3000, 0).Evidence(), {});
  for (const TierChange& tier : same.tiers) {
    CAPTURE(tier.tier);
    CHECK_FALSE(tier.residual.marked);
    CHECK_FALSE(tier.share.marked);
    CHECK(tier.alarms.empty());
    CHECK(std::abs(tier.older_residual.Mean()) < 0.01);
  }
  const InsightReport dropped = FindInsights(World(3000, 0.2).Evidence(), {});
  CHECK_FALSE(dropped.tiers[0].residual.marked);
  CHECK(dropped.tiers[1].residual.marked);
  CHECK(dropped.tiers[1].residual.value == Approx(-0.2).margin(0.02));
  CHECK(dropped.tiers[1].residual.low < dropped.tiers[1].residual.value);
  REQUIRE_FALSE(dropped.tiers[1].alarms.empty());
  CHECK(dropped.tiers[1].alarms[0].shift == Shift::kDrop);
  CHECK(dropped.tiers[1].alarms[0].start_us > 1'400'000'000);
}

TEST_CASE("the prompts that became more are found, described and shown") {
  // Two kinds of prompts; the second is a tenth of the older window and three tenths of the newer.
  InsightEvidence evidence;
  std::mt19937_64 random(1);
  std::normal_distribution<float> noise;
  for (int i = 0; i < 2000; ++i) {
    const bool second = static_cast<int>(random() % 10) < (i < 1000 ? 1 : 3);
    InsightRow row{.x = {1, (second ? 9.0F : 0.0F) + noise(random), noise(random)}};
    row.properties.emplace().fill(0);
    (*row.properties)[3] = (second ? 2.0F : 0.0F) + 0.1F * noise(random);
    row.reward = second ? 0.4 : 0.8;
    row.prompt = second ? "second" : "first";
    evidence.rows.push_back(std::move(row));
  }
  const std::vector<ClusterChange> clusters = FindClusterChanges(evidence, 1000, 2, 0.1);
  REQUIRE(clusters.size() == 2);
  CHECK(clusters[1].share.marked);
  CHECK(clusters[1].share.value == Approx(0.2).margin(0.06));
  CHECK(clusters[1].older_decisions + clusters[0].older_decisions == 1000);
  CHECK(clusters[1].newer_reward.Mean() == Approx(0.4).margin(0.05));
  CHECK_FALSE(clusters[0].reward.marked);
  REQUIRE_FALSE(clusters[1].properties.empty());
  CHECK(clusters[1].properties[0].first == PropertyNames()[3]);
  CHECK(clusters[1].properties[0].second > 1);
  CHECK(clusters[1].examples.front() == "second");
  CHECK(FindClusterChanges(evidence, 1000, 2, 0.1)[1].share.value == clusters[1].share.value);
}

TEST_CASE("the report is told in text and JSON") {
  const InsightReport report = FindInsights(World(600, 0.3).Evidence(), {.newer_share = 0.25, .clusters = 3});
  CHECK(report.older == 450);
  CHECK(report.newer == 150);
  std::ostringstream out;
  PrintInsights(report, out);
  CHECK(out.str().find("600 decisions (600 with a reward)") == 0);
  CHECK(out.str().find("which tier moved") != std::string::npos);
  CHECK(out.str().find("\"hard work\"") != std::string::npos);
  const auto json = nlohmann::json::parse(ToJson(report));
  CHECK(json["tiers"].size() == 2);
  CHECK(json["tiers"][1]["tier"] == "large");
  CHECK(json["clusters"].size() == 3);
  CHECK(json["importance"][0]["effects"].size() == json["importance"][1]["effects"].size());
  CHECK(json["discovery_rate"] == 0.1);
}

TEST_CASE("a log without decisions has nothing to tell") {
  Config config;
  config.tiers = {{.name = "only", .model = "m"}};
  const auto log = NewMemoryLog(1);
  CHECK(GatherInsights(*log, std::make_shared<const Config>(config), 100).status().code() ==
        absl::StatusCode::kFailedPrecondition);
}

}  // namespace suffice
