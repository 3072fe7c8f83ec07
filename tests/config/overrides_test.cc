// --set key.path=value.
#include <string>

#include "catch.h"
#include "suffice/config.h"

namespace suffice {
namespace {

const std::string kYaml =
    "tiers:\n"
    "  - {name: small, price: {output_usd_per_mtok: 2}}\n"
    "  - {name: mini-1.5}\n"
    "  - {name: mini-1}\n"
    "policy:\n"
    "  kind: igw\n";

Config With(const ConfigOverrides& overrides) {
  const absl::StatusOr<Config> config = ParseConfig(kYaml, "p.yaml", overrides);
  INFO(config.status().ToString());
  REQUIRE(config.ok());
  return *config;
}

std::string Errors(const ConfigOverrides& overrides) {
  const absl::StatusOr<Config> config = ParseConfig(kYaml, "p.yaml", overrides);
  return config.ok() ? "" : std::string(config.status().message());
}

}  // namespace

TEST_CASE("overrides replace and add values; the last one wins") {
  CHECK(With({"policy.kind=linucb"}).policy.kind == PolicyKind::kLinUcb);
  CHECK(With({"audit.rate=0.5", "audit.rate=0.25"}).audit_rate == 0.25);
  CHECK(With({"name=a=b"}).name == "a=b");
  CHECK(With({"policy={kind: random}"}).policy.kind == PolicyKind::kRandom);
  CHECK(With({"features.file=\"\""}).features.file.empty());
  CHECK(With({"tiers=[{name: only}]"}).tiers.size() == 1);
}

TEST_CASE("an element of a list is meant by index or by name, dots in the name included") {
  CHECK(With({"tiers.0.price.output_usd_per_mtok=1"}).tiers[0].price.output_usd_per_mtok == 1);
  CHECK(With({"tiers.small.prior.quality=0.75"}).tiers[0].prior.quality == 0.75);
  const Config config = With({"tiers.mini-1.5.prior.quality=0.25", "tiers.mini-1.prior.quality=0.125"});
  CHECK(config.tiers[1].prior.quality == 0.25);
  CHECK(config.tiers[2].prior.quality == 0.125);
  CHECK(With({"policy.weighted.weights={mini-1.5: 1}", "policy.weighted.weights.mini-1.5=3"}).policy.weights ==
        std::vector<std::pair<std::string, double>>{{"mini-1.5", 3}});
}

TEST_CASE("what is wrong with an override is told under its name") {
  CHECK(Errors({"audit.rate=2"}) == "--set audit.rate: expected a number in [0, 1], got 2");
  CHECK(Errors({"audit.rate="}) == "--set audit.rate: expected a number in [0, 1], got nothing");
  CHECK(Errors({"audit.rat=1"}) == "--set audit.rat: unknown key; did you mean \"rate\"?");
  CHECK(Errors({"polcy.kind=igw"}) == "--set polcy.kind: polcy: unknown key; did you mean \"policy\"?");
  CHECK(Errors({"tiers.small.prior.quality=9"}) ==
        "--set tiers.small.prior.quality: tiers.0.prior.quality: expected a number in [0, 1], got 9");
  CHECK(Errors({"tiers.large.prior.quality=1"}) ==
        "--set tiers.large.prior.quality: no element \"large\" in a list of 3: small, mini-1.5, mini-1");
  CHECK(Errors({"tiers.3.name=x"}) == "--set tiers.3.name: no element \"3\" in a list of 3: small, mini-1.5, mini-1");
  CHECK(Errors({"policy.kind.x=1"}) == "--set policy.kind.x: there is no \"x\" inside the value igw");
  CHECK(Errors({"policy.kind"}) == "--set policy.kind: expected key.path=value");
  CHECK(Errors({"=1"}) == "--set =1: expected key.path=value");
  CHECK(Errors({"name=[a"}) == "--set name: not valid YAML: end of sequence flow not found");
  CHECK(Errors({"name=[a", "audit", "audit.rate=2"}) ==
        "--set name: not valid YAML: end of sequence flow not found\n"
        "--set audit: expected key.path=value\n"
        "--set audit.rate: expected a number in [0, 1], got 2");
  CHECK(Errors({"policy.kind=fixed"}) == "--set policy.kind: fixed needs policy.fixed.tier");
  CHECK(Errors({"policy.fixed.tier=huge"}) ==
        "--set policy.fixed.tier: no tier is called \"huge\"; expected one of small, mini-1.5, mini-1");
}

TEST_CASE("errors of overrides stand after those of the file") {
  const absl::StatusOr<Config> config = ParseConfig("tiers: [{name: a}]\nmode: on\n", "p.yaml", {"audit.rate=2"});
  CHECK(config.status().message() ==
        "p.yaml:2:7: mode: expected one of live, apprentice, log_only; got on\n"
        "--set audit.rate: expected a number in [0, 1], got 2");
}

}  // namespace suffice
