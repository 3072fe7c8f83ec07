// ConfigToYaml writes every key, and reads back to the last bit.
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "catch.h"
#include "suffice/config.h"

namespace suffice {
namespace {

Config Full() {
  Config config;
  config.name = "a \"quoted\" \\ name: #1, über";
  config.mode = Mode::kApprentice;
  config.tiers = {
      Tier{.name = "small-1.5",
           .model = "vendor/small",
           .provider = "near",
           .price = {0.1, 1.0 / 3.0},
           .thinking_budget_tokens = 1024,
           .context_tokens = 128000,
           .capabilities = {"tools", "json", "yes", "7"},
           .deployments = {{"eu", "https://eu.example/v1"}, {"us", "https://us.example/v1?a=b#c"}},
           .prior = {0.7, 250.5, 1e-9, 1e9}},
      Tier{.name = "null", .model = "012"},
      Tier{.name = " - x: {}", .model = "~"},
  };
  config.policy.kind = PolicyKind::kWeighted;
  config.policy.fixed_tier = "null";
  config.policy.weights = {{"null", 0.1}, {"small-1.5", 1e-300}, {" - x: {}", 0}};
  config.policy.thompson_scale = 0.1 + 0.2;
  config.policy.half_life = 0;
  config.policy.threshold = {"null", "small-1.5", 0.7, -0.25, 3.5, 0.4, 0.1};
  config.objective = {ObjectiveKind::kWeighted, 123.456};
  config.audit_rate = 1;
  config.providers = {{.name = "far", .base_url = "https://far.example/v1", .api_key_env = "FAR_KEY"},
                      {.name = "near",
                       .base_url = "http://127.0.0.1:8000/v1",
                       .api_key_file = "/run/keys/near # 1",
                       .max_concurrency = 2,
                       .requests_per_minute = 90.5,
                       .connect_timeout_s = 1.5,
                       .timeout_s = 60,
                       .max_retries = 0}};
  config.judges = {{.name = "by rubric",
                    .kind = JudgeKind::kLlm,
                    .version = "2: strict",
                    .weight = 0.25,
                    .provider = "near",
                    .model = "judge-1",
                    .price = {1, 2, 0.5, 4},
                    .rubric = "Is it right?",
                    .pairwise_against = "null",
                    .max_output_tokens = 99},
                   {.name = "n", .kind = JudgeKind::kNumeric, .tolerance = 0.01},
                   {.name = "e", .kind = JudgeKind::kExactMatch},
                   {.name = "r", .kind = JudgeKind::kRegex, .pattern = "^\\s*(yes|no)\\b"},
                   {.name = "c", .kind = JudgeKind::kCommand, .command = "grade --strict # all", .timeout_s = 2.5}};
  config.nightly = {.sample = 10,
                    .run_budget_usd = 0.5,
                    .judge_budget_usd = 0.25,
                    .max_output_tokens = 77,
                    .holdout = 0.4,
                    .effective_size = 123,
                    .confidence = 0.9,
                    .margin = 0.01,
                    .ramp = false,
                    .ramp_decisions = 5};
  config.features.file = "/var/lib/suffice/features.bin";
  config.features.numeric = {{"turns", -std::numeric_limits<double>::max(), 5e-324}};
  config.features.categorical = {{"plan", {"free", "true", "~"}}};
  config.log = {PromptLogging::kNone, Durability::kNormal, 0.5, 100};
  config.serve.listen = "[::1]:0";
  return config;
}

}  // namespace

TEST_CASE("a configuration with every key set reads back as itself") {
  const Config config = Full();
  const std::string yaml = ConfigToYaml(config);
  const absl::StatusOr<Config> again = ParseConfig(yaml, "again.yaml");
  INFO(yaml << again.status().ToString());
  REQUIRE(again.ok());
  CHECK(*again == config);
  CHECK(ConfigToYaml(*again) == yaml);
  CHECK(again->Hash() == config.Hash());
}

TEST_CASE("the hash tells configurations apart") {
  std::set<std::string> hashes;
  Config config = Full();
  hashes.insert(config.Hash());
  config.audit_rate = std::nextafter(1.0, 0.0);
  hashes.insert(config.Hash());
  config.tiers[0].prior.weight = 3;
  hashes.insert(config.Hash());
  config.mode = Mode::kLive;
  hashes.insert(config.Hash());
  CHECK(hashes.size() == 4);
  CHECK(config.Hash().size() == 64);
}

TEST_CASE("negative zero is zero, in a file and in the hash") {
  const auto parse = [](const std::string& rate) {
    return ParseConfig("tiers: [{name: a}]\naudit: {rate: " + rate + "}\n", "p.yaml");
  };
  REQUIRE(parse("-0").ok());
  CHECK(parse("-0")->Hash() == parse("0.0")->Hash());
  Config config = *parse("0");
  config.audit_rate = -0.0;
  CHECK(config.Hash() == parse("0")->Hash());
}

TEST_CASE("names of choices") {
  CHECK(ToString(PolicyKind::kEpsilonGreedy) == "epsilon_greedy");
  CHECK(ToString(ObjectiveKind::kMaxQuality) == "max_quality");
  CHECK(ToString(Mode::kLogOnly) == "log_only");
  CHECK(ToString(PromptLogging::kSketch) == "sketch");
  CHECK(ToString(Durability::kNormal) == "normal");
}

TEST_CASE("the policy files that come with the project are right, and learn") {
  for (const std::string file : {"two_tiers", "three_tiers", "thinking_budget", "limits", "nightly"}) {
    INFO(file);
    const absl::StatusOr<Config> config = LoadConfig(SUFFICE_SOURCE_DIR "/policies/" + file + ".yaml");
    INFO(config.status().ToString());
    REQUIRE(config.ok());
    CHECK(config->name == file);
    CHECK(config->tiers.size() >= 2);
    for (size_t i = 1; i < config->tiers.size(); ++i) {
      // A dearer tier is believed to be better, or why have it.
      CHECK(config->tiers[i].prior.quality > config->tiers[i - 1].prior.quality);
    }
  }
}

}  // namespace suffice
