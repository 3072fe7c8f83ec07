// The sentences of an explanation, on rows made by hand: every number in them is checked against the score's formula.
#include "engine/flips.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "catch.h"
#include "policy/policy.h"

namespace suffice {
namespace {

// small and large, scored with the row's prices as the policy does it.
struct Row {
  DecisionRecord row;
  ScoreWeights weights;
  double large_usd = 0;  // extra price of a dollar on large
  PolicyConfig policy{.kind = PolicyKind::kEpsilonGreedy, .epsilon = 0};

  Row() {
    row.tiers = {{.tier = "small", .quality = 0.7, .cost_usd = 0.0001, .late = {0, 0.01, 0}},
                 {.tier = "large", .quality = 0.9, .cost_usd = 0.004, .late = {0, 0.2, 0}}};
    row.tier = row.policy_tier = "small";
    weights.cost_usd = 60;
  }
  void Score() {
    std::vector<Candidate> candidates;
    for (const TierView& view : row.tiers) {
      candidates.push_back({.quality = view.quality,
                            .cost_usd = view.cost_usd,
                            .late = view.late,
                            .tier_usd_weight = view.tier == "large" ? large_usd : 0,
                            .is_strong = view.tier == "large",
                            .is_weak = view.tier == "small"});
    }
    DecidePropensities(policy, weights, candidates);
    for (size_t i = 0; i < candidates.size(); ++i) {
      row.tiers[i].score = candidates[i].score;
      row.tiers[i].propensity = row.tiers[i].exclusion == ExclusionReason::kNone ? candidates[i].propensity : 0;
    }
  }
  std::vector<std::string> Flips() {
    row.multipliers = {{"quality", weights.quality}, {"cost_usd", weights.cost_usd}};
    if (weights.late[1] != 0) row.multipliers.emplace_back("late_p95", weights.late[1]);
    if (large_usd != 0) row.multipliers.emplace_back("cost_usd.large", large_usd);
    Score();
    return FlipsOf(row, 0.25, policy);
  }
  double Lead() const { return row.tiers[0].score - row.tiers[1].score; }
};

// The number after `text` in the sentence that has it; NAN when none has.
double NumberAfter(const std::vector<std::string>& flips, const std::string& text) {
  for (const std::string& flip : flips) {
    const size_t at = flip.find(text);
    if (at != std::string::npos) return std::strtod(flip.c_str() + at + text.size(), nullptr);
  }
  return std::nan("");
}

bool Has(const std::vector<std::string>& flips, const std::string& sentence) {
  return std::find(flips.begin(), flips.end(), sentence) != flips.end();
}

}  // namespace

TEST_CASE("at the price of a dollar that is told, the scores are equal") {
  Row row;
  const double price = NumberAfter(row.Flips(), "a price of a dollar below ");
  CHECK(price == Approx(0.2 / 0.0039).epsilon(1e-3));
  CHECK(row.Lead() > 0);
  row.weights.cost_usd = price * 0.999;
  row.Score();
  CHECK(row.Lead() < 0);
}

TEST_CASE("prices of other limits and of the tier's own budget enter the threshold") {
  Row row;
  row.weights.cost_usd = 20;
  row.weights.late[1] = 0.5;
  row.large_usd = 10;
  const auto flips = row.Flips();
  REQUIRE(row.Lead() > 0);
  for (const auto& [text, weight] : {std::pair{"a price of a dollar below ", &row.weights.cost_usd},
                                     std::pair{"slower than the p95 limit below ", &row.weights.late[1]}}) {
    const double price = NumberAfter(flips, text), now = *weight;
    CAPTURE(text, price);
    *weight = price * 0.999;
    row.Score();
    CHECK(row.Lead() < 0);
    *weight = price * 1.001;
    row.Score();
    CHECK(row.Lead() > 0);
    *weight = now;
  }
}

TEST_CASE("the quality and the cost that a tier behind would need") {
  Row row;
  row.weights.quality = 2;
  row.weights.cost_usd = 120;
  const auto flips = row.Flips();
  const double lead = row.Lead();
  CHECK(NumberAfter(flips, "its predicted quality were ") == Approx(lead / 2).margin(1e-4));
  CHECK(NumberAfter(flips, "if it cost $") == Approx(0.004 - lead / 120).epsilon(0.01));
  row.weights = {.quality = 0, .cost_usd = 1};  // least cost: no quality helps
  CHECK(std::isnan(NumberAfter(row.Flips(), "its predicted quality were ")));
}

TEST_CASE("a tier that led and was not drawn is said to have given way to exploration, without thresholds") {
  Row row;
  row.weights.cost_usd = 10;
  const auto flips = row.Flips();
  CHECK(Has(flips, "large had a score higher by 0.1610; small was chosen to explore"));
  CHECK(std::isnan(NumberAfter(flips, "a price of a dollar")));
}

TEST_CASE("every exclusion is told in words, with what it kept from winning") {
  Row row;
  row.weights.cost_usd = 10;
  row.row.tiers[1].exclusion = ExclusionReason::kBudget;
  row.row.tiers[1].exclusion_detail = "day: $0.0040 at worst, $0.0010 left";
  CHECK(Has(row.Flips(),
            "large was excluded: a hard budget did not cover it (day: $0.0040 at worst, $0.0010 left); "
            "otherwise it would have had the better score, by 0.1610"));
  row.weights.cost_usd = 60;
  row.row.tiers[1].exclusion = ExclusionReason::kRequestCost;
  row.row.tiers[1].exclusion_detail = "";
  CHECK(Has(row.Flips(), "large was excluded: dearer than one request may be; its score is lower by 0.0340 besides"));
  row.row.tiers[1].exclusion = ExclusionReason::kSession;
  row.row.tiers[1].exclusion_detail = "the conversation keeps small";
  CHECK(Has(row.Flips(), "the conversation keeps small; large would have been 0.0340 worse"));
  for (int i = 1; i <= static_cast<int>(ExclusionReason::kInfeasible); ++i) {
    CHECK_FALSE(WordsOf(static_cast<ExclusionReason>(i)).empty());
  }
}

TEST_CASE("infeasible limits, the caller's choice and other draws come first") {
  Row row;
  row.row.infeasible = "latency.p95 needs at least $0.002 a request";
  row.row.origin = DecisionOrigin::kApprentice;
  row.row.policy_tier = "large";
  const auto flips = row.Flips();
  CHECK(flips.at(0) ==
        "the limits could not be met together (latency.p95 needs at least $0.002 a request), so "
        "on_infeasible chose");
  CHECK(flips.at(1) == "the caller chose; the policy would have chosen large");
  row.row.origin = DecisionOrigin::kLive;
  row.row.infeasible.clear();
  row.row.policy_tier = "small";
  row.Flips();
  row.row.tiers[0].propensity = 0.75;
  row.row.tiers[1].propensity = 0.25;
  CHECK(FlipsOf(row.row, 0.25, {}).at(0) == "a draw in [0.7500, 1.0000) instead of 0.2500 would have chosen large");
}

TEST_CASE("under policy threshold it is P(strong wins) and quality that would have moved the choice") {
  Row row;
  row.policy = {.kind = PolicyKind::kThreshold};
  row.policy.threshold = {.strong = "large", .weak = "small", .alpha = 0.8, .intercept = 0.1, .slope = 2, .epsilon = 0};
  const std::vector<std::string> flips = row.Flips();
  REQUIRE(flips.size() == 2);
  CHECK(flips[0] == "P(large wins) was 0.6225, below alpha 0.8000: an alpha of at most 0.6225 takes large");
  const double more = NumberAfter(flips, "if its predicted quality were ");
  CHECK(StrongWins(row.policy.threshold, 0.2 + more) == Approx(0.8).margin(1e-3));
  CHECK(flips[1].starts_with("large would have been taken"));

  row.policy.threshold.alpha = 0.4;
  row.row.tier = row.row.policy_tier = "large";
  CHECK(row.Flips().at(0) == "P(large wins) was 0.6225, not below alpha 0.4000: an alpha above 0.6225 takes small");
}

}  // namespace suffice
