// Strict decoding: every kind of error, with the exact place and words.
#include <fmt/format.h>

#include <string>

#include "catch.h"
#include "suffice/config.h"

namespace suffice {
namespace {

// The errors of a file of these lines, as "p.yaml" would show them; empty when it is fine.
std::string Errors(const std::string& yaml, const ConfigOverrides& overrides = {},
                   const ConfigParseOptions& options = {}) {
  const absl::StatusOr<Config> config = ParseConfig(yaml, "p.yaml", overrides, options);
  if (config.ok()) return "";
  CHECK(config.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(config.status().message());
}

const std::string kTiers = "tiers: [{name: small}, {name: large}]\n";  // one line: what follows begins on line 2

}  // namespace

TEST_CASE("a small file takes every default") {
  const absl::StatusOr<Config> config = ParseConfig(kTiers, "p.yaml");
  REQUIRE(config.ok());
  REQUIRE(config->tiers.size() == 2);
  CHECK(config->tiers[0].name == "small");
  CHECK(config->tiers[0].model == "small");
  Config expected;
  expected.tiers = config->tiers;
  CHECK(*config == expected);
  CHECK(config->TierIndex("large") == 1);
  CHECK(config->TierIndex("huge") == -1);
}

TEST_CASE("unknown keys are refused and the nearest known one is named") {
  CHECK(Errors(kTiers + "polcy: {kind: igw}\n") == "p.yaml:2:1: polcy: unknown key; did you mean \"policy\"?");
  CHECK(Errors(kTiers + "policy:\n  linucb:\n    alhpa: 1\n") ==
        "p.yaml:4:5: policy.linucb.alhpa: unknown key; did you mean \"alpha\"?");
  CHECK(Errors(kTiers + "audit: {zzzzzz: 1}\n") == "p.yaml:2:9: audit.zzzzzz: unknown key; expected one of rate");
  CHECK(Errors("tiers:\n  - name: small\n    prise: {}\n") ==
        "p.yaml:3:5: tiers.0.prise: unknown key; did you mean \"price\"?");
}

TEST_CASE("duplicate keys are refused at every depth") {
  CHECK(Errors(kTiers + "name: a\nname: a\n") == "p.yaml:3:1: name: duplicate key, first at line 2");
  CHECK(Errors(kTiers + "policy:\n  igw: {gamma: 1}\n  igw: {gamma: 2}\n") ==
        "p.yaml:4:3: policy.igw: duplicate key, first at line 3");
  CHECK(Errors(kTiers + "policy:\n  weighted: {weights: {small: 1, small: 2}}\n") ==
        "p.yaml:3:34: policy.weighted.weights.small: duplicate key, first at line 3");
}

TEST_CASE("a wrong type is told with what was expected") {
  CHECK(Errors(kTiers + "audit: {rate: often}\n") == "p.yaml:2:15: audit.rate: expected a number in [0, 1], got often");
  CHECK(Errors(kTiers + "audit: {rate: \"0.5\"}\n") ==
        "p.yaml:2:15: audit.rate: expected a number in [0, 1], got \"0.5\"");
  CHECK(Errors(kTiers + "audit: 0.5\n") == "p.yaml:2:8: audit: expected a map, got 0.5");
  CHECK(Errors(kTiers + "audit:\nname: x\n") == "p.yaml:2:1: audit: expected a map, got nothing");
  CHECK(Errors(kTiers + "name: [a]\n") == "p.yaml:2:7: name: expected a non-empty string, got a list");
  CHECK(Errors("tiers: {name: small}\n") == "p.yaml:1:8: tiers: expected a list, got a map");
  CHECK(Errors("tiers: [small]\n") == "p.yaml:1:9: tiers.0: expected a map, got small");
  CHECK(Errors("- a\n") == "p.yaml:1:1: expected a map, got a list");
  CHECK(Errors(kTiers + "features: {dimensions: 32.0}\n") ==
        "p.yaml:2:24: features.dimensions: expected a whole number in [1, 256], got 32.0");
  CHECK(Errors("tiers: [{name: a, capabilities: [tools, 5, [x]]}]\n") ==
        "p.yaml:1:44: tiers.0.capabilities.2: expected a non-empty string, got a list");
}

TEST_CASE("numbers that YAML readers disagree on are refused") {
  for (const std::string number :
       {"012", "0x10", "1_000", "yes", "true", ".5", "5.", "+5", "1e", ".inf", ".nan", "-"}) {
    INFO(number);
    CHECK(Errors(kTiers + "policy: {ridge: " + number + "}\n") ==
          "p.yaml:2:17: policy.ridge: expected a number in (0, 1000000000000], got " + number);
  }
  CHECK(Errors(kTiers + "log: {queue_capacity: 0100}\n") ==
        "p.yaml:2:23: log.queue_capacity: expected a whole number in [1, 100000000], got 0100");
  CHECK(Errors(kTiers + "features: {numeric: [{name: n, mean: 1e999}]}\n") ==
        "p.yaml:2:38: features.numeric.0.mean: expected a number (finite), got 1e999");
  CHECK(Errors(kTiers + "policy: {ridge: 3e2, half_life: 0.5}\n").empty());
}

TEST_CASE("values out of range are refused") {
  CHECK(Errors(kTiers + "audit: {rate: 1.5}\n") == "p.yaml:2:15: audit.rate: expected a number in [0, 1], got 1.5");
  CHECK(Errors(kTiers + "features: {dimensions: 257}\n") ==
        "p.yaml:2:24: features.dimensions: expected a whole number in [1, 256], got 257");
  CHECK(Errors(kTiers + "log: {keep_probability: 0}\n") ==
        "p.yaml:2:25: log.keep_probability: expected a number in (0, 1], got 0");
  CHECK(Errors(kTiers + "features: {few_labels: 99999999999999999999}\n") ==
        "p.yaml:2:24: features.few_labels: expected a whole number in [0, 1000000000], got 99999999999999999999");
  CHECK(Errors(kTiers + "features: {numeric: [{name: n, scale: 0}]}\n") ==
        "p.yaml:2:39: features.numeric.0.scale: expected a number > 0, got 0");
  CHECK(Errors("tiers: [{name: a, price: {input_usd_per_mtok: -1}}]\n") ==
        "p.yaml:1:47: tiers.0.price.input_usd_per_mtok: expected a number in [0, 1000000], got -1");
}

TEST_CASE("a wrong choice lists the right ones") {
  CHECK(Errors(kTiers + "policy: {kind: tompson}\n") ==
        "p.yaml:2:16: policy.kind: expected one of thompson, linucb, igw, epsilon_greedy, fixed, random, weighted, "
        "threshold; got tompson (did you mean \"thompson\"?)");
  CHECK(Errors(kTiers + "mode: []\n") == "p.yaml:2:7: mode: expected one of live, apprentice, log_only; got a list");
}

TEST_CASE("what must be there, and what must be text") {
  CHECK(Errors("tiers:\n  - model: m\n") == "p.yaml:2:5: tiers.0.name: required");
  CHECK(Errors("tiers: [{name: \"\"}]\n") == "p.yaml:1:16: tiers.0.name: expected a non-empty string, got \"\"");
  CHECK(Errors("tiers: [{name: ~}]\n") == "p.yaml:1:10: tiers.0.name: expected a non-empty string, got nothing");
  CHECK(Errors("tiers: [{name: a, deployments: [{name: x}]}]\n") == "p.yaml:1:33: tiers.0.deployments.0.url: required");
  CHECK(Errors("tiers: [{name: \"a\\nb\"}]\n") ==
        "p.yaml:1:16: tiers.0.name: expected a string without control characters or line breaks");
  CHECK(Errors("tiers: [{name: a, capabilities: [json, json]}]\n") ==
        "p.yaml:1:40: tiers.0.capabilities.1: \"json\" is listed twice");
}

TEST_CASE("every error is reported, in the order of the file") {
  CHECK(Errors("serve: {drain_s: -1}\n"
               "audit: {rate: 2}\n"
               "tiers:\n"
               "  - {name: a, colour: red}\n"
               "  - {name: a}\n"
               "nmae: x\n") ==
        "p.yaml:1:18: serve.drain_s: expected a number in [0, 3600], got -1\n"
        "p.yaml:2:15: audit.rate: expected a number in [0, 1], got 2\n"
        "p.yaml:4:15: tiers.0.colour: unknown key; expected one of name, model, provider, price, price_changes, "
        "thinking_budget_tokens, context_tokens, max_output_tokens, keep_warm_s, cold_start_ms, capabilities, "
        "deployments, prior\n"
        "p.yaml:5:12: tiers.1.name: \"a\" is taken by tiers.0\n"
        "p.yaml:6:1: nmae: unknown key; did you mean \"name\"?");
}

TEST_CASE("what is not one YAML document is an error with its place, never a crash") {
  CHECK(Errors("tiers: [{name: a}\n") == "p.yaml:2:1: not valid YAML: end of sequence flow not found");
  CHECK(Errors("a: *nowhere\n") == "p.yaml:1:4: not valid YAML: the referenced anchor is not defined");
  CHECK(Errors(kTiers + "---\nname: x\n") == "p.yaml:2:1: expected one YAML document and nothing after it");
  CHECK(Errors(kTiers + "name: !secret x\n") == "p.yaml:2:7: expected no YAML tag, got \"!secret\"");
  CHECK(Errors(kTiers + "? [a]\n: b\n") == "p.yaml:2:3: expected a plain word as key, got a list");
  CHECK(Errors(std::string(100, '[') + std::string(100, ']')) == "p.yaml:1:65: nested deeper than 64 levels");
  CHECK(Errors(std::string(100000, '[')) == "p.yaml:1:33: nested deeper than 64 levels");
  CHECK(Errors("a: &a [*a]\n") == "p.yaml:1:8: an alias inside what it stands for");
  CHECK(Errors("#\n,") == "p.yaml:2:1: expected one YAML document and nothing after it");
  CHECK(Errors(kTiers + "audit: !x {}\n") == "p.yaml:2:8: expected no YAML tag, got \"!x\"");
}

TEST_CASE("aliases that would write out to billions of values are refused") {
  std::string yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    yaml += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  CHECK(Errors(yaml) == "p.yaml:6:15: more than 100000 values");
}

TEST_CASE("an anchor and its aliases are ordinary values") {
  const std::string yaml = "tiers: [{name: a, prior: &p {quality: 0.75}}, {name: b, prior: *p}]\n";
  const absl::StatusOr<Config> config = ParseConfig(yaml, "p.yaml", {"tiers.a.prior.quality=0.5"});
  REQUIRE(config.ok());
  CHECK(config->tiers[0].prior.quality == 0.5);
  CHECK(config->tiers[1].prior.quality == 0.75);
}

TEST_CASE("a missing file is NOT_FOUND with its path; a folder is no file") {
  const absl::Status status = LoadConfig("no/such/policy.yaml").status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(std::string(status.message()).find("no/such/policy.yaml") != std::string::npos);
  CHECK_FALSE(LoadConfig(SUFFICE_SOURCE_DIR).ok());
}

}  // namespace suffice
