// Decisions as Vowpal Wabbit reads them.
#include "off_policy/dsjson.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/ids.h"
#include "catch.h"
#include "features/feature_set.h"

namespace suffice {
namespace {

using Json = nlohmann::json;

DecisionRecord Decided(DecisionIdGenerator& ids) {
  DecisionRecord decision;
  decision.time_us = 1'700'000'000'250'000;
  decision.id = ids.Next(decision.time_us);
  decision.features = {1, 0.1F, -2, 0};
  decision.tiers = {
      {.tier = "small", .quality = 0.5, .cost_usd = 1e-5, .latency_ms = 300, .propensity = 0.25},
      {.tier = "medium", .exclusion = ExclusionReason::kBudget, .quality = 0.6, .propensity = 0},
      {.tier = "large", .quality = 0.75, .cost_usd = 2e-3, .latency_ms = 900, .propensity = 0.75},
  };
  decision.tier = decision.policy_tier = "large";
  decision.propensity = 0.75;
  return decision;
}

FeedbackRecord Rated(const DecisionRecord& decision, const std::string& id, double reward) {
  FeedbackRecord record;
  record.feedback = {.feedback_id = id, .decision_id = decision.id, .reward = reward};
  return record;
}

}  // namespace

TEST_CASE("a rewarded decision has its label, the eligible tiers with the chosen first, and named features") {
  DecisionIdGenerator ids(1);
  const DecisionRecord decision = Decided(ids);
  const std::vector<std::string> names = {"bias", "length", "_hidden"};
  const std::string line =
      DsjsonLine({.decision = decision, .feedback = {Rated(decision, "a", 1), Rated(decision, "b", 0.5)}}, names);
  const std::string id = decision.id.ToString();
  CHECK(line == R"({"_label_cost":-0.75,"_label_probability":0.75,"_label_Action":2,"_labelIndex":1,)"
                R"("o":[{"EventId":")" +
                    id + R"(","v":1},{"EventId":")" + id +
                    R"(","v":0.5}],)"
                    R"("Timestamp":"2023-11-14T22:13:20.250000Z","Version":"1","EventId":")" +
                    id +
                    R"(","a":[2,1],)"
                    R"("c":{"x":{"length":0.1,"x2_hidden":-2,"x3":0},"_multi":[)"
                    R"({"tier":{"name":"small","quality":0.5,"cost_usd":1e-05,"latency_ms":300}},)"
                    R"({"tier":{"name":"large","quality":0.75,"cost_usd":0.002,"latency_ms":900}}]},"p":[0.75,0.25]})");
  CHECK(Json::accept(line));
}

TEST_CASE("silence is not a reward: such a line is not for learning") {
  DecisionIdGenerator ids(1);
  DecisionRecord decision = Decided(ids);
  decision.keep_probability = 0.25;
  const Json line = Json::parse(DsjsonLine({.decision = decision}, {}));
  CHECK(line["_label_cost"] == 0);
  CHECK(line["_skipLearn"] == true);
  CHECK(line["o"].empty());
  CHECK(line["pdrop"] == 0.75);
  const Json rewarded = Json::parse(DsjsonLine({.decision = decision, .feedback = {Rated(decision, "a", 0)}}, {}));
  CHECK(rewarded["_label_cost"] == 0);
  CHECK_FALSE(rewarded.contains("_skipLearn"));
}

TEST_CASE("only what a policy drew has propensities") {
  DecisionIdGenerator ids(1);
  const DecisionRecord good = Decided(ids);
  CHECK(HasPropensities(good));
  for (const DecisionOrigin origin : {DecisionOrigin::kApprentice, DecisionOrigin::kLogOnly, DecisionOrigin::kEval}) {
    DecisionRecord decision = good;
    decision.origin = origin;
    CHECK_FALSE(HasPropensities(decision));
  }
  DecisionRecord decision = good;
  decision.propensity = 0;
  CHECK_FALSE(HasPropensities(decision));
  decision = good;
  decision.tier = "medium";
  CHECK_FALSE(HasPropensities(decision));
}

TEST_CASE("a log's decisions come out in order, with the names of the features they were made with") {
  Config config;
  config.tiers = {{.name = "small", .model = "s"}, {.name = "large", .model = "l"}};
  config.features.numeric = {{.name = "turns"}};
  const FeatureSetPtr counted = MakeCountedFeatures(config.features);
  const auto log = NewMemoryLog(1);
  REQUIRE(log->SaveConfig(config.Hash(), ConfigToYaml(config)).ok());
  DecisionIdGenerator ids(1);
  for (int i = 0; i < 3; ++i) {
    DecisionRecord decision = Decided(ids);
    decision.config_hash = config.Hash();
    decision.feature_version = i == 2 ? 7 : counted->version();  // of the last nothing is known
    decision.features.assign(static_cast<size_t>(counted->dimensions()), 0.5F);
    if (i == 1) decision.origin = DecisionOrigin::kEval;
    const DecisionRecord kept = decision;
    REQUIRE(log->AppendDecision(decision).ok());
    if (i == 0) log->AppendFeedback(Rated(kept, "a", 0.5), nullptr);
  }
  std::ostringstream out;
  const auto counts = WriteDsjson(*log, out);
  REQUIRE(counts.ok());
  CHECK(counts->lines == 2);
  CHECK(counts->rewarded == 1);
  CHECK(counts->left_out == 1);
  std::istringstream lines(out.str());
  std::string first, second;
  REQUIRE((std::getline(lines, first) && std::getline(lines, second)));
  const Json x = Json::parse(first)["c"]["x"];
  CHECK(x.size() == static_cast<size_t>(counted->dimensions()) - 1);
  CHECK(x["turns"] == 0.5);
  CHECK(x.contains(counted->DimensionName(2)));
  CHECK(Json::parse(second)["c"]["x"].contains("x1"));
}

}  // namespace suffice
