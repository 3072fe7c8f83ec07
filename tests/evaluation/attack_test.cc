// Senders that lie in concert, in a world where everything else that the learner assumes is true: what quality they
// cost with and without trust, and what trust costs where all are honest.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "catch.h"
#include "engine/decide.h"
#include "evaluation/linear_world.h"
#include "evaluation/replay.h"
#include "evaluation/traffic.h"
#include "learner/learner.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr int kTiers = 4;
constexpr int kDimensions = 16;
constexpr int kRefreshEvery = 32;  // decisions between snapshots
constexpr uint64_t kSalt = 7;
constexpr uint64_t kSenders = 30;

struct Attack {
  uint64_t liars = 0;     // of kSenders; each tells 0 of the first two tiers and 1 of the others, whatever it got
  double alarm = 0;       // trust.alarm
  bool own_prompts = false;  // each sender's prompts are about something of its own
  double half_life = 0;
};

// Mean over `decisions` of the chosen tier's mean reward, less that of the best; in one world.
double RegretOf(const Attack& attack, int64_t decisions, uint64_t seed) {
  Config c;
  for (int k = 0; k < kTiers; ++k) c.tiers.push_back({.name = fmt::format("tier-{}", k), .model = "any"});
  c.policy.kind = PolicyKind::kIgw;
  c.policy.half_life = attack.half_life;
  c.trust.alarm = attack.alarm;
  c.features.embedding_dimensions = kDimensions;
  c.features.fit_after_prompts = 0;
  c.log.prompts = PromptLogging::kNone;
  const auto config = std::make_shared<const Config>(c);
  const LinearWorld world({.tiers = kTiers, .dimensions = kDimensions, .seed = seed});
  const std::unique_ptr<EventLog> log = NewMemoryLog(kSalt);
  if (!log->SaveConfig(config->Hash(), ConfigToYaml(*config)).ok()) return -1;
  Learner learner(log.get(), config, MakeCountedFeatures(config->features));
  DecisionIdGenerator ids(seed);
  SnapshotPtr snapshot;
  RouteRequest request;
  request.prompt = "The same question every time.";
  double regret = 0;
  for (int64_t i = 0; i < decisions; ++i) {
    if (i % kRefreshEvery == 0) {
      if (!learner.CatchUpFully().ok()) return -1;
      snapshot = learner.NextSnapshot();
    }
    const auto n = static_cast<uint64_t>(i);
    const uint64_t sender = Hash64(std::to_string(i), seed) % kSenders;
    request.embedding = world.Context(n);
    if (attack.own_prompts) request.embedding[sender % kDimensions] = sender < kSenders / 2 ? 3 : -3;
    const int64_t now_us = 1'700'000'000'000'000 + i * 1000;
    auto decision = Decide(*snapshot, request, {.id = ids.Next(now_us), .time_us = now_us, .seed = seed, .salt = kSalt});
    if (!decision.ok()) return -1;
    const auto tier = static_cast<size_t>(config->TierIndex(decision->tier));
    const double mean = world.MeanReward(tier, request.embedding);
    regret += world.BestMeanReward(request.embedding) - mean;
    const double honest = std::clamp(mean + world.Reward(n, tier) - world.MeanReward(tier, world.Context(n)), 0.0, 1.0);
    FeedbackRecord told;
    told.feedback = {.feedback_id = std::to_string(i),
                     .decision_id = decision->id,
                     .reward = sender >= attack.liars ? honest : tier < kTiers / 2 ? 0.0 : 1.0,
                     .sender = fmt::format("key-{}", sender)};
    if (!log->AppendDecision(*std::move(decision)).ok()) return -1;
    log->AppendFeedback(std::move(told), {});
  }
  return regret / static_cast<double>(decisions);
}

// By world, two at a time.
std::vector<double> Regrets(const Attack& attack, int64_t decisions, int worlds) {
  std::vector<double> regrets(static_cast<size_t>(worlds));
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int k; (k = next.fetch_add(1)) < worlds;) {
      regrets[static_cast<size_t>(k)] = RegretOf(attack, decisions, static_cast<uint64_t>(k) + 1);
    }
  };
  std::array<std::thread, 2> threads{std::thread(work), std::thread(work)};
  for (std::thread& thread : threads) thread.join();
  return regrets;
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("a tenth of the senders that lie in concert cost at most a third of what they cost where all are believed") {
  constexpr int64_t kDecisions = 3000;
  constexpr int kWorlds = 2;
  const double alarm = TrustConfig().alarm;
  const double honest = Mean(Regrets({}, kDecisions, kWorlds));
  const double believed = Mean(Regrets({.liars = 3}, kDecisions, kWorlds));
  const double doubted = Mean(Regrets({.liars = 3, .alarm = alarm}, kDecisions, kWorlds));
  CAPTURE(honest, believed, doubted);
  CHECK(believed > honest);
  CHECK(doubted - honest < (believed - honest) / 3);
}

// The whole measurement: build/tests/test_evaluation "[.attack]"
TEST_CASE("what lying senders cost, by world", "[.attack]") {
  constexpr int kWorlds = 10;
  fmt::print("| decisions | half-life | prompts | alarm | honest | 3 of 30 lie | by world |\n|---|---|---|---|---|---|---|\n");
  for (const int64_t decisions : {3000, 10000}) {
    for (const double half_life : {0.0, 5000.0}) {
      for (const bool own : {false, true}) {
        for (const double alarm : {0.0, 3.0, 4.0, 5.0}) {
          Attack attack{.alarm = alarm, .own_prompts = own, .half_life = half_life};
          const double honest = Mean(Regrets(attack, decisions, kWorlds));
          attack.liars = 3;
          const std::vector<double> lied = Regrets(attack, decisions, kWorlds);
          fmt::print("| {} | {} | {} | {} | {:.4f} | {:.4f} |", decisions, half_life, own ? "of one's own" : "alike", alarm,
                     honest, Mean(lied));
          for (const double regret : lied) fmt::print(" {:.4f}", regret);
          fmt::print(" |\n");
          std::fflush(stdout);
        }
      }
    }
  }
}

// SUFFICE_DATA=FOLDER build/test_evaluation "[.attack]" -s: recorded answers of three tiers to benchmark questions.
TEST_CASE("what lying senders cost on recorded answers, by seed", "[.attack]") {
  const char* const folder = std::getenv("SUFFICE_DATA");
  if (folder == nullptr) {
    WARN("skipped: SUFFICE_DATA does not name a folder");
    return;
  }
  ReplayOptions options;
  auto traffic = ReadTraffic(fmt::format("{}/tiers3_stream.jsonl", folder));
  REQUIRE(traffic.ok());
  auto warmup = ReadTraffic(fmt::format("{}/tiers3_warmup.jsonl", folder), traffic->tier_names);
  REQUIRE(warmup.ok());
  options.config.tiers = TiersFromTraffic(*traffic);
  options.config.policy.kind = PolicyKind::kIgw;
  options.config.objective.kind = ObjectiveKind::kWeighted;
  options.traffic = *std::move(traffic);
  options.seeds = 10;
  // The cheapest tier is praised, the others are run down.
  const std::vector<std::pair<std::string, double>> lies{
      {options.traffic.tier_names[0], 1}, {options.traffic.tier_names[1], 0}, {options.traffic.tier_names[2], 0}};
  struct Case {
    const char* name;
    ReplaySenders senders;
    double alarm;
  };
  const double alarm = TrustConfig().alarm;
  const std::vector<Case> cases{{"honest, all believed", {.count = 30}, 0},
                                {"honest", {.count = 30}, alarm},
                                {"3 of 30 lie, all believed", {.count = 30, .liars = 3, .lies = lies}, 0},
                                {"3 of 30 lie", {.count = 30, .liars = 3, .lies = lies}, alarm},
                                {"honest, a sender each source, all believed", {.by_source = true}, 0},
                                {"honest, a sender each source", {.by_source = true}, alarm}};
  for (const bool warm : {false, true}) {
    if (warm) options.warmup = *warmup;
    for (const double weight : {300.0, 100.0, 5.0}) {
      options.config.objective.cost_weight = weight;
      for (const Case& c : cases) {
        options.senders = c.senders;
        options.config.trust.alarm = c.alarm;
        const auto report = Replay(options);
        REQUIRE(report.ok());
        double mean = 0;
        std::string by_seed;
        for (const SeedReport& seed : report->per_seed) {
          const double value = seed.quality - weight * seed.cost_usd;
          mean += value / static_cast<double>(report->per_seed.size());
          by_seed += fmt::format(" {:.4f}", value);
        }
        fmt::print("{} | W {} | {} | {:.4f} |{}\n", warm ? "warm" : "cold", weight, c.name, mean, by_seed);
        std::fflush(stdout);
      }
    }
  }
}

}  // namespace suffice
