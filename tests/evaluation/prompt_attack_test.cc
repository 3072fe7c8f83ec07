// Prompts with text around them against a policy that learned example traffic.
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_split.h"
#include "catch.h"
#include "evaluation/attack.h"
#include "evaluation/attack_texts.h"
#include "evaluation/example_traffic.h"
#include "evaluation/replay.h"
#include "suffice/status.h"

namespace suffice {
namespace {

ReplayOptions AttackOnExamples(PolicyKind kind) {
  ReplayOptions options;
  options.config.tiers = ExampleTiers();
  options.config.policy.kind = kind;
  options.config.policy.fixed_tier = "medium";
  options.config.objective = {.kind = ObjectiveKind::kWeighted, .cost_weight = 60};
  options.traffic = ExampleTraffic(1, 400);
  options.warmup = ExampleTraffic(2, 1200);
  options.attack = ExampleTraffic(3, 200);
  options.attack_prefixes = 3;
  return options;
}

ReplayReport MustReplay(const ReplayOptions& options) {
  auto report = Replay(options);
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  return *std::move(report);
}

const AttackResult& Named(const ReplayReport& report, const std::string& name) {
  for (const AttackResult& attack : report.attacks) {
    if (attack.name == name) return attack;
  }
  FAIL("no attack is called " << name);
  throw;
}

}  // namespace

TEST_CASE("attacks are the same for the same seed, and optimised prefixes push where they are meant to") {
  const ReplayOptions options = AttackOnExamples(PolicyKind::kIgw);
  const ReplayReport report = MustReplay(options);
  REQUIRE(report.attacks.size() == 8);
  CHECK(nlohmann::json::parse(ToJson(report))["attacks"] ==
        nlohmann::json::parse(ToJson(MustReplay(options)))["attacks"]);
  for (const AttackResult& attack : report.attacks) {
    CAPTURE(attack.name);
    CHECK(attack.decisions >= 200);
    CHECK(attack.Flipped() <= attack.worst + 1e-12);
    CHECK(attack.worst <= 1);
    CHECK((attack.shift >= 0 && attack.shift <= 1));
  }
  const AttackResult& dearer = Named(report, "optimised prefixes, to dearer");
  const AttackResult& cheaper = Named(report, "optimised prefixes, to cheaper");
  CHECK(dearer.to_dearer > dearer.to_cheaper);
  CHECK(dearer.cost_change_usd > 0);
  CHECK(cheaper.to_cheaper > cheaper.to_dearer);
  CHECK(cheaper.cost_change_usd < 0);
}

TEST_CASE("a policy that does not look at the prompt is not moved by it") {
  ReplayOptions options = AttackOnExamples(PolicyKind::kFixed);
  options.warmup.reset();
  for (const AttackResult& attack : MustReplay(options).attacks) {
    CAPTURE(attack.name);
    CHECK(attack.Flipped() == 0);
    CHECK(attack.shift == 0);
    CHECK(attack.quality_change == 0);
    CHECK(attack.cost_change_usd == 0);
  }
}

TEST_CASE("attacked rows are those of the policy's tiers, and are told in the report") {
  ReplayOptions options = AttackOnExamples(PolicyKind::kFixed);
  options.warmup.reset();
  options.attack_prefixes = 0;
  const ReplayReport report = MustReplay(options);
  CHECK(report.attacks.size() == 6);
  std::ostringstream table;
  PrintTable(report, table);
  CHECK(table.str().find("filler of ordinary words, end") != std::string::npos);
  options.attack->tier_names[0] = "other";
  CHECK(FieldOf(Replay(options).status()) == "attack");
  options.attack.reset();
  CHECK_FALSE(nlohmann::json::parse(ToJson(MustReplay(options))).contains("attacks"));
}

TEST_CASE("the vocabulary has the plain words of two prompts and more; filler has as many as were asked for") {
  Traffic traffic;
  for (const char* prompt : {"Why is the sky blue?", "The SKY, at night", "x1 o", "night-time blue"}) {
    traffic.rows.push_back({.prompt = prompt});
  }
  const std::vector<std::string> words = VocabularyOf(traffic);
  CHECK(words == std::vector<std::string>{"blue", "sky", "the"});
  RandomStream random(1, {1});
  const std::vector<std::string> filler = absl::StrSplit(RandomFiller(words, 40, random), ' ');
  CHECK(filler.size() == 40);
  for (const std::string& word : filler) CHECK(std::find(words.begin(), words.end(), word) != words.end());
}

}  // namespace suffice
