#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "base/ids.h"
#include "catch.h"
#include "policy/policy.h"
#include "stats/chi_squared.h"

namespace suffice {
namespace {

const std::vector<PolicyKind> kAllKinds{PolicyKind::kThompson,      PolicyKind::kLinUcb, PolicyKind::kIgw,
                                        PolicyKind::kEpsilonGreedy, PolicyKind::kFixed,  PolicyKind::kRandom,
                                        PolicyKind::kWeighted,      PolicyKind::kThreshold};

PolicyConfig Policy(PolicyKind kind) {
  PolicyConfig policy;
  policy.kind = kind;
  return policy;
}

std::vector<Candidate> RandomCandidates(std::mt19937& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<Candidate> candidates(1 + random() % 8);
  for (Candidate& candidate : candidates) {
    candidate.eligible = random() % 4 != 0;
    candidate.quality = random() % 5 == 0 ? 0.5 : unit(random);  // some exact ties
    candidate.quality_sigma = random() % 6 == 0 ? 0 : 0.3 * std::pow(10.0, -5 * unit(random));
    candidate.cost_usd = 1e-5 * std::pow(10.0, 4 * unit(random));
    candidate.observations = std::floor(1000 * unit(random) * unit(random));
    candidate.weight = random() % 3 == 0 ? 0 : unit(random);
  }
  candidates[random() % candidates.size()].eligible = true;
  candidates[random() % candidates.size()].is_fixed = true;
  candidates.front().is_strong = true;
  candidates.back().is_weak = candidates.size() > 1;
  return candidates;
}

std::vector<double> Propensities(std::vector<Candidate> candidates, const PolicyConfig& policy,
                                 const ScoreWeights& weights = {}) {
  DecidePropensities(policy, weights, candidates);
  std::vector<double> result;
  for (const Candidate& candidate : candidates) result.push_back(candidate.propensity);
  return result;
}

ScoreWeights RandomWeights(std::mt19937& random) {
  if (random() % 2 == 0) return {};
  return {.quality = 0.5, .cost_usd = 100, .late = {0, 0.3, 0}};
}

Candidate Make(double quality, double sigma, double cost = 1e-3, double observations = 1000) {
  Candidate candidate;
  candidate.quality = quality;
  candidate.quality_sigma = sigma;
  candidate.cost_usd = cost;
  candidate.observations = observations;
  return candidate;
}

}  // namespace

TEST_CASE("every policy gives a distribution over the eligible tiers") {
  std::mt19937 random(1);
  for (PolicyKind kind : kAllKinds) {
    for (int round = 0; round < 1000; ++round) {
      std::vector<Candidate> candidates = RandomCandidates(random);
      for (Candidate& candidate : candidates) candidate.probe = round % 3 == 0 ? 0.5 * candidate.quality : 0;
      const std::vector<double> p = Propensities(candidates, Policy(kind), RandomWeights(random));
      REQUIRE(std::abs(std::accumulate(p.begin(), p.end(), 0.0) - 1) < 1e-12);
      for (size_t i = 0; i < p.size(); ++i) {
        REQUIRE(p[i] >= 0);
        if (!candidates[i].eligible) REQUIRE(p[i] == 0);
      }
    }
  }
}

TEST_CASE("the order of the tiers does not matter") {
  std::mt19937 random(2);
  for (PolicyKind kind : kAllKinds) {
    for (int round = 0; round < 300; ++round) {
      const std::vector<Candidate> candidates = RandomCandidates(random);
      const ScoreWeights weights = RandomWeights(random);
      std::vector<size_t> order(candidates.size());
      std::iota(order.begin(), order.end(), 0);
      std::shuffle(order.begin(), order.end(), random);
      std::vector<Candidate> shuffled;
      for (size_t i : order) shuffled.push_back(candidates[i]);
      const std::vector<double> p = Propensities(candidates, Policy(kind), weights);
      const std::vector<double> q = Propensities(shuffled, Policy(kind), weights);
      for (size_t i = 0; i < order.size(); ++i) REQUIRE(std::abs(q[i] - p[order[i]]) < 1e-9);
    }
  }
}

TEST_CASE("more predicted quality is never less propensity") {
  std::mt19937 random(3);
  for (PolicyKind kind : kAllKinds) {
    for (int round = 0; round < 300; ++round) {
      std::vector<Candidate> candidates = RandomCandidates(random);
      const ScoreWeights weights = RandomWeights(random);
      Candidate& raised = candidates[random() % candidates.size()];
      double last = 0;
      for (int step = 0; step < 10; ++step) {
        DecidePropensities(Policy(kind), weights, candidates);
        REQUIRE(raised.propensity >= last - 1e-9);
        last = raised.propensity;
        raised.quality += 0.05;
      }
    }
  }
}

TEST_CASE("draws follow the propensities") {
  constexpr int kDraws = 100000;
  std::vector<Candidate> candidates{Make(0.70, 0.2, 1e-4, 50), Make(0.74, 0.1, 1e-3, 300), Make(0.72, 0.3, 5e-3, 5),
                                    Make(0.71, 0.05, 2e-2, 900)};
  for (size_t i = 0; i < candidates.size(); ++i) candidates[i].weight = static_cast<double>(i);
  candidates[2].is_fixed = true;
  for (PolicyKind kind : kAllKinds) {
    DecidePropensities(Policy(kind), {}, candidates);
    std::vector<int> counts(candidates.size(), 0);
    DecisionIdGenerator ids(42);
    for (int i = 0; i < kDraws; ++i) ++counts[Draw(candidates, DrawNumber(ids.Next(1'000'000 + i * 100), 7))];
    double chi_squared = 0;
    int possible = 0;
    for (size_t i = 0; i < candidates.size(); ++i) {
      const double expected = candidates[i].propensity * kDraws;
      if (expected == 0) {
        CHECK(counts[i] == 0);
        continue;
      }
      ++possible;
      chi_squared += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    INFO("policy " << static_cast<int>(kind));
    if (possible > 1) CHECK(ChiSquaredSurvival(chi_squared, possible - 1) > 0.001);
  }
}

TEST_CASE("the same id and seed draw the same tier") {
  std::vector<Candidate> candidates{Make(0.7, 0.2), Make(0.7, 0.2), Make(0.7, 0.2)};
  DecidePropensities(Policy(PolicyKind::kRandom), {}, candidates);
  DecisionIdGenerator ids(1);
  int seeds_differ = 0;
  for (int i = 0; i < 100; ++i) {
    const DecisionId id = ids.Next(1'000'000);
    CHECK(Draw(candidates, DrawNumber(id, 5)) == Draw(candidates, DrawNumber(*DecisionId::Parse(id.ToString()), 5)));
    seeds_differ += Draw(candidates, DrawNumber(id, 5)) != Draw(candidates, DrawNumber(id, 6));
  }
  CHECK(seeds_differ > 30);
}

TEST_CASE("a draw never falls on a tier of propensity 0") {
  std::vector<Candidate> candidates(5);
  candidates[1].propensity = 0.5;
  candidates[3].propensity = 0.5 - 1e-13;  // sums to a little less than 1
  CHECK(Draw(candidates, 0) == 1);
  CHECK(Draw(candidates, 0.4999) == 1);
  CHECK(Draw(candidates, 0.5) == 3);
  CHECK(Draw(candidates, std::nextafter(1.0, 0.0)) == 3);
}

TEST_CASE("scores are the objective, and a new tier's bonus where the policy explores by score") {
  for (PolicyKind kind : kAllKinds) {
    std::vector<Candidate> candidates{Make(0.6, 0.2, 1e-3, 199), Make(0.6, 0.2, 1e-3, 200)};
    DecidePropensities(Policy(kind), {.cost_usd = 50}, candidates);
    const bool bonus = kind == PolicyKind::kThompson || kind == PolicyKind::kIgw;
    CHECK(candidates[0].score == Approx(bonus ? 0.65 : 0.55));
    CHECK(candidates[1].score == Approx(0.55));
    DecidePropensities(Policy(kind), {}, candidates);
    CHECK(candidates[1].score == Approx(0.6));
  }
}

TEST_CASE("igw is the formula") {
  PolicyConfig policy = Policy(PolicyKind::kIgw);
  policy.igw_gamma = 200;
  const std::vector<double> p = Propensities({Make(0.5, 0, 0, 400), Make(0.6, 0, 0, 900), Make(0.58, 0, 0, 0)}, policy);
  CHECK(p[0] == Approx(1 / (3 + 200 * 20 * 0.1)));
  CHECK(p[2] == Approx(1.0 / 3));
  CHECK(p[1] == Approx(1 - p[0] - p[2]));
}

TEST_CASE("linucb takes the largest upper bound and mixes less into dear tiers") {
  // Upper bounds .55, .60, .575; mean cost .004.
  PolicyConfig policy = Policy(PolicyKind::kLinUcb);
  policy.linucb_alpha = 0.5;
  const std::vector<double> p = Propensities({Make(0.55, 0, 1e-3), Make(0.5, 0.2, 1e-3), Make(0.575, 0, 1e-2)}, policy);
  CHECK(p[0] == Approx(0.005 / 3));
  CHECK(p[2] == Approx(0.005 / 3 * 0.4));
  CHECK(p[1] == Approx(1 - p[0] - p[2]));
}

TEST_CASE("epsilon-greedy is uniform with probability epsilon") {
  PolicyConfig policy = Policy(PolicyKind::kEpsilonGreedy);
  policy.epsilon = 0.2;
  const std::vector<double> p = Propensities({Make(0.5, 0), Make(0.6, 0)}, policy);
  CHECK(p[0] == Approx(0.1));
  CHECK(p[1] == Approx(0.9));
}

TEST_CASE("baselines do as they are told among the eligible") {
  std::vector<Candidate> candidates{Make(0.5, 0), Make(0.9, 0), Make(0.7, 0)};
  candidates[0].weight = 3;
  candidates[1].weight = 4;
  candidates[2].weight = 1;
  candidates[0].is_fixed = true;
  CHECK(Propensities(candidates, Policy(PolicyKind::kFixed)) == std::vector<double>{1, 0, 0});
  candidates[1].eligible = false;
  CHECK(Propensities(candidates, Policy(PolicyKind::kWeighted)) == std::vector<double>{0.75, 0, 0.25});
  CHECK(Propensities(candidates, Policy(PolicyKind::kRandom)) == std::vector<double>{0.5, 0, 0.5});
  candidates[0].eligible = false;
  candidates[1].eligible = true;
  // The fixed tier cannot serve: the best of the others does.
  CHECK(Propensities(candidates, Policy(PolicyKind::kFixed)) == std::vector<double>{0, 1, 0});
  candidates[1].weight = candidates[2].weight = 0;
  CHECK(Propensities(candidates, Policy(PolicyKind::kWeighted)) == std::vector<double>{0, 0.5, 0.5});
}

TEST_CASE("the strong tier serves where it is likely enough to win") {
  std::vector<Candidate> candidates{Make(0.7, 0), Make(0.5, 0), Make(0.9, 0)};
  candidates[0].is_strong = true;
  candidates[1].is_weak = true;
  PolicyConfig policy = Policy(PolicyKind::kThreshold);
  policy.threshold.intercept = 0.1;
  policy.threshold.slope = 2;
  const double wins = StrongWins(policy.threshold, candidates[0].quality - candidates[1].quality);
  CHECK(wins == Approx(1 / (1 + std::exp(-(0.1 + 2 * 0.2)))));

  policy.threshold.alpha = wins;  // at alpha the strong tier serves
  policy.threshold.epsilon = 0.02;
  CHECK(Propensities(candidates, policy) == std::vector<double>{0.98, 0.02, 0});
  policy.threshold.alpha = wins + 1e-9;
  CHECK(Propensities(candidates, policy) == std::vector<double>{0.02, 0.98, 0});
  // Prices of limits do not move it, whatever the scores are.
  for (double price : {0.0, 1.0, 1e6}) {
    candidates[0].cost_usd = 1;
    CHECK(Propensities(candidates, policy, {.quality = 0, .cost_usd = price}) == std::vector<double>{0.02, 0.98, 0});
  }

  candidates[1].eligible = false;
  CHECK(Propensities(candidates, policy) == std::vector<double>{1, 0, 0});
  candidates[0].eligible = false;
  CHECK(Propensities(candidates, policy) == std::vector<double>{0, 0, 1});
  candidates[1].eligible = true;
  CHECK(Propensities(candidates, policy) == std::vector<double>{0, 1, 0});
}

TEST_CASE("P(strong wins) rises with the gain and stays a probability") {
  ThresholdConfig threshold;
  double last = 0;
  for (double gain = -1; gain <= 1; gain += 0.01) {
    const double wins = StrongWins(threshold, gain);
    CHECK(wins > last);
    CHECK(wins < 1);
    last = wins;
  }
  CHECK(StrongWins({.intercept = -1e6}, 0) == 0);
  CHECK(StrongWins({.intercept = 1e6}, 0) == 1);
}

TEST_CASE("a probed tier keeps a little of the traffic, less where it is dear, under policies that explore") {
  std::vector<Candidate> candidates(3);
  for (Candidate& candidate : candidates) candidate.observations = 1e6;
  candidates[0].quality = 0.9;
  candidates[1].quality = candidates[2].quality = 0.2;
  candidates[1].probe = candidates[2].probe = 0.01;
  candidates[2].cost_usd = 1;
  for (const PolicyKind kind : kAllKinds) {
    INFO(ToString(kind));
    PolicyConfig policy = Policy(kind);
    policy.epsilon = policy.linucb_epsilon = 0;
    const auto p = Propensities(candidates, policy);
    CHECK(std::accumulate(p.begin(), p.end(), 0.0) == Approx(1).margin(1e-12));
    if (kind == PolicyKind::kFixed || kind == PolicyKind::kRandom || kind == PolicyKind::kWeighted) continue;
    if (kind == PolicyKind::kThreshold) continue;
    CHECK(p[1] == Approx(0.01));
    CHECK(p[2] == Approx(0.01 / 3));  // three times the mean cost
  }
}

}  // namespace suffice
