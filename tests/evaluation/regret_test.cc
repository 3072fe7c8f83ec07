// How regret grows in a world where everything that the learner assumes is true: the whole loop of decide, log and
// learn on LinearWorld, whose optimum is known.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.h"
#include "catch.h"
#include "engine/decide.h"
#include "evaluation/linear_world.h"
#include "learner/learner.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr int kTiers = 4;
constexpr int kDimensions = 16;
constexpr int kRefreshEvery = 32;  // decisions between snapshots
constexpr uint64_t kSalt = 7;

Config ConfigOf(const PolicyConfig& policy) {
  Config config;
  for (int k = 0; k < kTiers; ++k) config.tiers.push_back({.name = fmt::format("tier-{}", k), .model = "any"});
  config.policy = policy;
  config.features.embedding_dimensions = kDimensions;
  config.features.fit_after_prompts = 0;
  config.log.prompts = PromptLogging::kNone;
  return config;
}

// One learner in one world. Every prompt is the same: what tells requests apart is their embedding.
class Walk {
 public:
  Walk(const PolicyConfig& policy, uint64_t seed)
      : config_(std::make_shared<const Config>(ConfigOf(policy))),
        world_({.tiers = kTiers, .dimensions = kDimensions, .seed = seed}),
        seed_(seed),
        ids_(seed),
        log_(NewMemoryLog(kSalt)),
        learner_(log_.get(), config_, MakeCountedFeatures(config_->features)) {
    request_.prompt = "The same question every time.";
  }

  // Sum of (best mean - chosen mean) after each of `times`, which rise. Nothing on an error.
  std::vector<double> RegretAt(const std::vector<int64_t>& times) {
    if (!log_->SaveConfig(config_->Hash(), ConfigToYaml(*config_)).ok()) return {};
    std::vector<double> regrets;
    for (int64_t i = 0; i < times.back(); ++i) {
      if (i % kRefreshEvery == 0) {
        if (!learner_.CatchUpFully().ok()) return {};
        snapshot_ = learner_.NextSnapshot();
      }
      if (!Step(i)) return {};
      if (i + 1 == times[regrets.size()]) regrets.push_back(regret_);
    }
    return regrets;
  }

 private:
  bool Step(int64_t i) {
    request_.embedding = world_.Context(static_cast<uint64_t>(i));
    const int64_t now_us = 1'700'000'000'000'000 + i * 1000;
    auto decision =
        Decide(*snapshot_, request_, {.id = ids_.Next(now_us), .time_us = now_us, .seed = seed_, .salt = kSalt});
    if (!decision.ok()) return false;
    const auto tier = static_cast<size_t>(config_->TierIndex(decision->tier));
    regret_ += world_.BestMeanReward(request_.embedding) - world_.MeanReward(tier, request_.embedding);
    FeedbackRecord told;
    told.feedback = {.feedback_id = std::to_string(i),
                     .decision_id = decision->id,
                     .reward = world_.Reward(static_cast<uint64_t>(i), tier)};
    if (!log_->AppendDecision(*std::move(decision)).ok()) return false;
    bool taken = false;
    log_->AppendFeedback(std::move(told), [&taken](const absl::StatusOr<Receipt>& receipt) { taken = receipt.ok(); });
    return taken;
  }

  const std::shared_ptr<const Config> config_;
  const LinearWorld world_;
  const uint64_t seed_;
  DecisionIdGenerator ids_;
  const std::unique_ptr<EventLog> log_;
  Learner learner_;
  SnapshotPtr snapshot_;
  RouteRequest request_;
  double regret_ = 0;
};

// Mean over worlds of the regret at each of `times`, two worlds at a time.
std::vector<double> MeanRegret(const PolicyConfig& policy, const std::vector<int64_t>& times, int worlds) {
  std::vector<std::vector<double>> regrets(static_cast<size_t>(worlds));
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int k; (k = next.fetch_add(1)) < worlds;) {
      regrets[static_cast<size_t>(k)] = Walk(policy, static_cast<uint64_t>(k) + 1).RegretAt(times);
    }
  };
  std::array<std::thread, 2> threads{std::thread(work), std::thread(work)};
  for (std::thread& thread : threads) thread.join();
  std::vector<double> mean(times.size());
  for (const auto& regret : regrets) {
    REQUIRE(regret.size() == times.size());
    for (size_t t = 0; t < times.size(); ++t) mean[t] += regret[t] / worlds;
  }
  return mean;
}

double Exponent(const std::vector<int64_t>& times, const std::vector<double>& regret, size_t first = 0) {
  std::vector<std::pair<double, double>> points;
  for (size_t t = first; t < times.size(); ++t) points.emplace_back(static_cast<double>(times[t]), regret[t]);
  return GrowthExponent(points);
}

// For a world that does not change: no forgetting, and no mix that explores for ever.
PolicyConfig Steady(PolicyKind kind) {
  PolicyConfig policy;
  policy.kind = kind;
  policy.half_life = 0;
  policy.linucb_epsilon = 0;
  return policy;
}

}  // namespace

TEST_CASE("regret grows no faster than the square root of time, and a uniform draw's grows with time") {
  const std::vector<int64_t> times{1000, 3162, 10000};
  for (const PolicyKind kind : {PolicyKind::kThompson, PolicyKind::kLinUcb, PolicyKind::kIgw}) {
    const std::vector<double> regret = MeanRegret(Steady(kind), times, 2);
    CAPTURE(ToString(kind), regret);
    CHECK(Exponent(times, regret) < 0.55);
  }
  CHECK(Exponent(times, MeanRegret(Steady(PolicyKind::kRandom), times, 1)) == Approx(1).margin(0.05));
}

// The whole measurement: build/tests/test_evaluation "[.regret]"
TEST_CASE("regret over 10^3 to 10^5 decisions", "[.regret]") {
  const std::vector<int64_t> times{1000, 3162, 10000, 31623, 100000};
  struct Case {
    const char* name;
    PolicyConfig policy;
    int worlds;
    double most;  // exponent
  };
  const auto with = [](PolicyKind kind, auto change) {
    PolicyConfig policy = Steady(kind);
    change(policy);
    return policy;
  };
  const auto defaults = [](PolicyKind kind) {
    PolicyConfig policy;
    policy.kind = kind;
    return policy;
  };
  constexpr double kAny = std::numeric_limits<double>::infinity();
  const std::vector<Case> cases{
      {"thompson, half_life 0", Steady(PolicyKind::kThompson), 50, 0.55},
      {"linucb, half_life 0, epsilon 0", Steady(PolicyKind::kLinUcb), 50, 0.55},
      {"igw, half_life 0", Steady(PolicyKind::kIgw), 50, 0.55},
      {"thompson, half_life 0, ridge 1", with(PolicyKind::kThompson, [](auto& p) { p.ridge = 1; }), 10, kAny},
      {"linucb, half_life 0, epsilon 0, ridge 1", with(PolicyKind::kLinUcb, [](auto& p) { p.ridge = 1; }), 10, kAny},
      {"igw, half_life 0, ridge 1", with(PolicyKind::kIgw, [](auto& p) { p.ridge = 1; }), 10, kAny},
      {"linucb, half_life 0", with(PolicyKind::kLinUcb, [](auto& p) { p.linucb_epsilon = 0.005; }), 10, kAny},
      {"thompson, all defaults", defaults(PolicyKind::kThompson), 10, kAny},
      {"linucb, all defaults", defaults(PolicyKind::kLinUcb), 10, kAny},
      {"igw, all defaults", defaults(PolicyKind::kIgw), 10, kAny},
      {"epsilon_greedy, half_life 0", Steady(PolicyKind::kEpsilonGreedy), 10, kAny},
  };
  fmt::print(
      "| policy | worlds | 10^3 | 10^3.5 | 10^4 | 10^4.5 | 10^5 | exponent | from 10^4 "
      "|\n|---|---|---|---|---|---|---|---|---|\n");
  for (const Case& c : cases) {
    const std::vector<double> regret = MeanRegret(c.policy, times, c.worlds);
    fmt::print("| {} | {} |", c.name, c.worlds);
    for (const double r : regret) fmt::print(" {:.1f} |", r);
    fmt::print(" {:.3f} | {:.3f} |\n", Exponent(times, regret), Exponent(times, regret, 2));
    std::fflush(stdout);
    CHECK(Exponent(times, regret) <= c.most);
  }
}

}  // namespace suffice
