// `suffice replay --attack` from the command line.
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/app.h"
#include "catch.h"
#include "fake_io.h"
#include "temp_folder.h"

namespace suffice {
namespace {

struct World {
  TempFolder folder;
  std::string policy = folder.Path("policy.yaml"), traffic = folder.Path("traffic.jsonl"),
              held = folder.Path("held.jsonl"), report = folder.Path("report.json");

  World() {
    std::ofstream(policy) << "name: attacked\npolicy: {kind: igw}\ntiers:\n  - name: small\n  - name: medium\n  - name: large\n";
    for (const auto& [file, rows, seed] : {std::tuple{traffic, "300", "1"}, std::tuple{held, "40", "2"}}) {
      FakeIo fake;
      REQUIRE(RunSuffice({"generate-traffic", "--rows", rows, "--seed", seed, "--out", file}, fake.io) == kExitOk);
    }
  }
  std::vector<std::string> Replay(const std::string& attacked) const {
    return {"replay",   "--config",  policy, "--tiers-from-traffic", "--traffic", traffic,
            "--attack", attacked, "--attack-prefixes",    "2",         "--report", report};
  }
};

}  // namespace

TEST_CASE("a replay tells how many decisions flip under attack, the same in every run") {
  const World world;
  std::string first;
  for (int run = 0; run < 2; ++run) {
    FakeIo fake;
    const int code = RunSuffice(world.Replay(world.held), fake.io);
    INFO(fake.err.str());
    REQUIRE(code == kExitOk);
    CHECK(fake.out.str().find("optimised prefixes, to dearer") != std::string::npos);
    const auto report = nlohmann::json::parse(std::ifstream(world.report));
    const nlohmann::json& attacks = report.at("attacks");
    REQUIRE(attacks.size() >= 7);
    for (const nlohmann::json& attack : attacks) {
      const double flipped = attack.at("flipped"), dearer = attack.at("to_dearer"), cheaper = attack.at("to_cheaper");
      CHECK(attack.at("decisions") >= 40);
      CHECK(flipped == Approx(dearer + cheaper));
      CHECK(flipped <= 1);
    }
    if (run == 0) first = attacks.dump();
    CHECK(attacks.dump() == first);
  }
}

TEST_CASE("a file to attack that is not there is refused by name") {
  const World world;
  FakeIo missing;
  CHECK(RunSuffice(world.Replay(world.folder.Path("none.jsonl")), missing.io) == kExitFailure);
  CHECK(missing.err.str().find("none.jsonl") != std::string::npos);
}

}  // namespace suffice
