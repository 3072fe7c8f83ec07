// Rules that span several keys, from a file and from code.
#include <fmt/format.h>

#include <limits>
#include <string>

#include "catch.h"
#include "suffice/config.h"

namespace suffice {
namespace {

const std::string kTiers = "tiers: [{name: small}, {name: large}]\n";

std::string Errors(const std::string& yaml, const ConfigParseOptions& options = {}) {
  const absl::StatusOr<Config> config = ParseConfig(yaml, "p.yaml", {}, options);
  return config.ok() ? "" : std::string(config.status().message());
}

Config TwoTiers() {
  Config config;
  config.tiers = {Tier{.name = "small", .model = "small"}, Tier{.name = "large", .model = "large"}};
  return config;
}

}  // namespace

TEST_CASE("there are 1 to 64 tiers") {
  CHECK(Errors("name: x\n") == "p.yaml:1:1: tiers: expected 1 to 64 tiers, got 0");
  CHECK(Errors("name: x\ntiers: []\n") == "p.yaml:2:8: tiers: expected 1 to 64 tiers, got 0");
  CHECK(Errors("# nothing yet\n") == "p.yaml:1:1: tiers: expected 1 to 64 tiers, got 0");
  std::string many = "tiers:\n";
  for (int i = 0; i < 64; ++i) many += fmt::format("- name: t{}\n", i);
  CHECK(Errors(many).empty());
  CHECK(Errors(many + "- name: one_more\n") == "p.yaml:2:1: tiers: expected 1 to 64 tiers, got 65");
}

TEST_CASE("names are unique within their list") {
  CHECK(Errors("tiers:\n- name: a\n- name: b\n- name: a\n") == "p.yaml:4:9: tiers.2.name: \"a\" is taken by tiers.0");
  CHECK(Errors("tiers: [{name: a, deployments: [{name: d, url: u}, {name: d, url: v}]}]\n") ==
        "p.yaml:1:59: tiers.0.deployments.1.name: \"d\" is taken by tiers.0.deployments.0");
  CHECK(Errors(kTiers + "features:\n  numeric:\n    - name: n\n    - name: n\n") ==
        "p.yaml:5:13: features.numeric.1.name: \"n\" is taken by features.numeric.0");
  CHECK(Errors(kTiers + "features: {categorical: [{name: plan, values: []}]}\n") ==
        "p.yaml:2:47: features.categorical.0.values: expected at least one value");
}

TEST_CASE("policy fixed needs its tier, and the tier must be there") {
  CHECK(Errors(kTiers + "policy: {kind: fixed}\n") == "p.yaml:2:16: policy.kind: fixed needs policy.fixed.tier");
  CHECK(Errors(kTiers + "policy: {kind: fixed, fixed: {tier: smal}}\n") ==
        "p.yaml:2:37: policy.fixed.tier: no tier is called \"smal\"; did you mean \"small\"?");
  CHECK(Errors(kTiers + "policy: {kind: fixed, fixed: {tier: large}}\n").empty());
}

TEST_CASE("policy threshold needs two tiers, which it finds by itself where there are no others") {
  const std::string priced = "tiers: [{name: large, price: {output_usd_per_mtok: 9}}, {name: small}]\n";
  const auto names = [](const std::string& yaml) {
    const absl::StatusOr<Config> config = ParseConfig(yaml, "p.yaml");
    if (!config.ok()) return std::string(config.status().message());
    return config->policy.threshold.strong + " over " + config->policy.threshold.weak;
  };
  CHECK(names(kTiers + "policy: {kind: threshold}\n") == "large over small");  // equal prices: the later one
  CHECK(names(priced + "policy: {kind: threshold}\n") == "large over small");
  CHECK(names(priced + "policy: {kind: threshold, threshold: {strong: small}}\n") == "small over large");
  CHECK(names(priced + "policy: {kind: threshold, threshold: {weak: large}}\n") == "small over large");
  CHECK(names(priced + "policy: {kind: threshold, threshold: {weak: large, strong: large}}\n") ==
        "p.yaml:2:45: policy.threshold.weak: expected another tier than strong (\"large\")");
  CHECK(names(priced + "policy: {kind: threshold, threshold: {weak: larg}}\n") ==
        "p.yaml:2:45: policy.threshold.weak: no tier is called \"larg\"; did you mean \"large\"?");
  const std::string three = "tiers: [{name: a}, {name: b}, {name: c}]\n";
  CHECK(names(three + "policy: {kind: threshold, threshold: {strong: a}}\n") ==
        "p.yaml:2:38: policy.threshold.weak: expected the name of a tier: policy threshold chooses between two, and "
        "there are not just two");
  CHECK(names(three + "policy: {kind: threshold, threshold: {strong: a, weak: c}}\n") == "a over c");
  CHECK(names(priced) == " over ");

  Config made = TwoTiers();
  made.policy.kind = PolicyKind::kThreshold;
  CHECK(ValidateConfig(made).message() ==
        "policy.threshold: expected the names of the strong and the weak tier");
  made.policy.threshold.strong = "small";
  made.policy.threshold.weak = "large";
  CHECK(ValidateConfig(made).ok());
}

TEST_CASE("policy weighted needs weights of known tiers that sum to something") {
  CHECK(Errors(kTiers + "policy: {kind: weighted}\n") ==
        "p.yaml:2:16: policy.kind: weighted needs policy.weighted.weights");
  CHECK(Errors(kTiers + "policy: {kind: weighted, weighted: {weights: {small: 0, large: 0}}}\n") ==
        "p.yaml:2:46: policy.weighted.weights: expected at least one weight > 0");
  CHECK(Errors(kTiers + "policy: {weighted: {weights: {small: 1, medium: 2}}}\n") ==
        "p.yaml:2:49: policy.weighted.weights.medium: no tier is called \"medium\"; expected one of small, large");
  CHECK(Errors(kTiers + "policy: {weighted: {weights: {small: -1}}}\n") ==
        "p.yaml:2:38: policy.weighted.weights.small: expected a number in [0, 1000000000000], got -1");
  const absl::StatusOr<Config> config =
      ParseConfig(kTiers + "policy: {kind: weighted, weighted: {weights: {large: 1, small: 3}}}\n", "p.yaml");
  REQUIRE(config.ok());
  CHECK(config->policy.weights == std::vector<std::pair<std::string, double>>{{"large", 1}, {"small", 3}});
}

TEST_CASE("a projection needs twice as many prompts as dimensions") {
  CHECK(Errors(kTiers + "features: {dimensions: 64, fit_after_prompts: 100}\n") ==
        "p.yaml:2:47: features.fit_after_prompts: expected 0 or at least twice features.dimensions (128), got 100");
  CHECK(Errors(kTiers + "features: {dimensions: 64, fit_after_prompts: 128}\n").empty());
  CHECK(Errors(kTiers + "features: {fit_after_prompts: 0}\n").empty());
}

TEST_CASE("the listening address is host:port") {
  for (const std::string good : {"127.0.0.1:0", "localhost:7433", "\"[::1]:65535\"", "0.0.0.0:1"}) {
    INFO(good);
    CHECK(Errors(kTiers + "serve: {listen: " + good + "}\n").empty());
  }
  for (const std::string bad : {"localhost", ":7433", "localhost:", "localhost:65536", "::1:70", "a/b:1", "h:12x"}) {
    INFO(bad);
    CHECK(Errors(kTiers + "serve: {listen: \"" + bad + "\"}\n") ==
          "p.yaml:2:17: serve.listen: expected host:port with a port in [0, 65535], got " + bad);
  }
}

TEST_CASE("providers: unique, with a URL, and one place for the key") {
  CHECK(Errors(kTiers + "providers: [{name: a, base_url: https://a/v1, api_key_env: KEY}]\n").empty());
  CHECK(Errors(kTiers + "providers: [{name: a, base_url: https://a}, {name: a, base_url: https://b}]\n") ==
        "p.yaml:2:52: providers.1.name: \"a\" is taken by providers.0");
  CHECK(Errors(kTiers + "providers: [{name: a, base_url: api.example.com}]\n") ==
        "p.yaml:2:33: providers.0.base_url: expected http://... or https://..., got api.example.com");
  CHECK(Errors(kTiers + "providers: [{name: a}]\n") == "p.yaml:2:13: providers.0.base_url: required");
  CHECK(Errors(kTiers + "providers: [{name: a, base_url: http://a, api_key_env: K, api_key_file: f}]\n") ==
        "p.yaml:2:73: providers.0.api_key_file: expected either api_key_env or api_key_file, got both");
}

TEST_CASE("whoever names a provider names one that is there") {
  const std::string provider = "providers: [{name: near, base_url: https://a/v1}]\n";
  CHECK(Errors("tiers: [{name: a, provider: nera}]\n" + provider) ==
        "p.yaml:1:29: tiers.0.provider: no provider is called \"nera\"; did you mean \"near\"?");
  CHECK(Errors("tiers: [{name: a, provider: near}]\n" + provider).empty());
  CHECK(Errors(kTiers + provider + "judges: [{name: j, model: m, provider: far}]\n") ==
        "p.yaml:3:40: judges.0.provider: no provider is called \"far\"; expected one of near");
}

TEST_CASE("a judge has what its kind needs") {
  const std::string head = kTiers + "providers: [{name: p, base_url: https://a/v1}]\n";
  const auto errors = [&](const std::string& judge) { return Errors(head + "judges: [" + judge + "]\n"); };
  CHECK(errors("{name: j, model: m, pairwise_against: large}, {name: n, kind: numeric}").empty());
  CHECK(errors("{name: j, kind: llm}") == "p.yaml:3:26: judges.0.kind: llm needs a model");
  CHECK(errors("{name: j, kind: regex}") == "p.yaml:3:26: judges.0.kind: regex needs a pattern");
  CHECK(errors("{name: j, kind: command}") == "p.yaml:3:26: judges.0.kind: command needs a command");
  CHECK(errors("{name: j, kind: numeric}, {name: j, kind: exact_match}") ==
        "p.yaml:3:43: judges.1.name: \"j\" is taken by judges.0");
  CHECK(errors("{name: j, model: m, pairwise_against: lage}") ==
        "p.yaml:3:48: judges.0.pairwise_against: no tier is called \"lage\"; did you mean \"large\"?");
  CHECK(errors("{name: j, kind: numeric, pairwise_against: large}") ==
        "p.yaml:3:53: judges.0.pairwise_against: only judges of kind llm compare");
  CHECK(Errors(kTiers + "judges: [{name: j, kind: llm, model: m}]\n") ==
        "p.yaml:2:26: judges.0.kind: llm needs at least one of providers");
}

TEST_CASE("a caller who fills tiers in later may leave them out, and checks afterwards") {
  const std::string yaml = "policy: {kind: fixed, fixed: {tier: large}, weighted: {weights: {large: 1}}}\n";
  absl::StatusOr<Config> config = ParseConfig(yaml, "p.yaml", {}, {.allow_no_tiers = true});
  REQUIRE(config.ok());
  CHECK(ValidateConfig(*config).message() == "tiers: expected 1 to 64 tiers, got 0");
  config->tiers = {Tier{.name = "small", .model = "small"}};
  CHECK(ValidateConfig(*config).message() ==
        "policy.fixed.tier: no tier is called \"large\"; expected one of small\n"
        "policy.weighted.weights.large: no tier is called \"large\"; expected one of small");
  config->tiers[0].name = "large";
  CHECK(ValidateConfig(*config).ok());
  CHECK(Errors(kTiers + "policy: {fixed: {tier: other}}\n", {.allow_no_tiers = true}).empty());
}

TEST_CASE("a configuration made in code is held to the same rules") {
  CHECK(ValidateConfig(TwoTiers()).ok());
  Config config = TwoTiers();
  config.audit_rate = std::numeric_limits<double>::quiet_NaN();
  config.tiers[1].model.clear();
  config.policy.ridge = std::numeric_limits<double>::infinity();
  config.policy.weights = {{"small", 1}, {"small", 2}};
  const absl::Status status = ValidateConfig(config);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() ==
        "tiers.1.model: expected a non-empty string, got \"\"\n"
        "policy.weighted.weights.small: duplicate key\n"
        "policy.ridge: expected a number in (0, 1000000000000], got inf\n"
        "audit.rate: expected a number in [0, 1], got nan");
}

}  // namespace suffice
