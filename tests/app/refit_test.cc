// `suffice refit`, `calibrate`, `snapshots`, `promote`, `rollback` and `replay --refit` from the command line.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/app.h"
#include "catch.h"
#include "fake_io.h"
#include "temp_folder.h"

namespace suffice {
namespace {

std::string Run(const std::vector<std::string>& args) {
  FakeIo fake;
  const int code = RunSuffice(args, fake.io);
  INFO(fake.err.str());
  REQUIRE(code == kExitOk);
  return fake.out.str();
}

std::string Refused(const std::vector<std::string>& args) {
  FakeIo fake;
  REQUIRE(RunSuffice(args, fake.io) != kExitOk);
  return fake.err.str();
}

nlohmann::json ReadJson(const std::string& path) { return nlohmann::json::parse(std::ifstream(path)); }

// A log that a threshold between small and large has served, and its policy file.
struct World {
  TempFolder folder;
  std::string policy = folder.Path("policy.yaml"), traffic = folder.Path("traffic.jsonl"), db = folder.Path("suffice.db");

  World() {
    Run({"generate-traffic", "--rows", "1500", "--seed", "3", "--out", traffic});
    std::ofstream(policy) << Run({"print-config", SUFFICE_SOURCE_DIR "/policies/three_tiers.yaml",
                                  "--tiers-from-traffic", traffic, "--set", "objective.kind=max_quality", "--set",
                                  "policy.kind=threshold", "--set", "policy.threshold.strong=large", "--set",
                                  "policy.threshold.weak=small", "--set", "policy.threshold.epsilon=0.2", "--set",
                                  "features.dimensions=16", "--set", "features.fit_after_prompts=400"});
    Run({"replay", "--config", policy, "--traffic", traffic, "--db", db});
  }
};

}  // namespace

TEST_CASE("a refit keeps a release, which is promoted, listed and rolled back") {
  const World world;
  const std::string said = Run({"refit", "--config", world.policy, "--db", world.db, "--strong-share", "0.3", "--note",
                                "a first one", "--report", world.folder.Path("r.json")});
  CHECK(said.find("promote") != std::string::npos);
  const auto report = ReadJson(world.folder.Path("r.json"));
  CHECK(report["decisions"] == 1500);
  CHECK(report["tiers"].size() >= 2);
  Run({"promote", "--db", world.db, "--release", "1"});
  const auto list = nlohmann::json::parse(Run({"snapshots", "--db", world.db, "--json"}));
  CHECK(list["releases"][0]["note"] == "a first one");
  CHECK(list["promotions"][0]["release"] == 1);
  // The release's threshold sends the wished share of this traffic to the strong tier.
  Run({"calibrate", "--config", world.policy, "--db", world.db, "--strong-share", "0.3", "--report",
       world.folder.Path("c.json")});
  CHECK(ReadJson(world.folder.Path("c.json"))["strong_share_before"].get<double>() == Approx(0.3).margin(0.02));
  CHECK(Run({"rollback", "--db", world.db}).find("release 0") != std::string::npos);
  CHECK(nlohmann::json::parse(Run({"snapshots", "--db", world.db, "--json"}))["promotions"].size() == 2);
}

TEST_CASE("a wished share in the policy file is kept by a refit without being asked") {
  const World world;
  Run({"refit", "--config", world.policy, "--db", world.db, "--set", "policy.threshold.strong_share=0.4"});
  Run({"promote", "--db", world.db, "--release", "1"});
  Run({"calibrate", "--config", world.policy, "--db", world.db, "--strong-share", "0.4", "--report",
       world.folder.Path("c.json")});
  CHECK(ReadJson(world.folder.Path("c.json"))["strong_share_before"].get<double>() == Approx(0.4).margin(0.02));
}

TEST_CASE("calibrate answers from a file alone, and refuses what cannot be") {
  const World world;
  Run({"calibrate", "--config", world.policy, "--traffic", world.traffic, "--quality", "0.9", "--report",
       world.folder.Path("c.json")});
  const auto found = ReadJson(world.folder.Path("c.json"));
  CHECK(found["alpha"].get<double>() > 0);
  CHECK(found["strong_share"].get<double>() < 1);
  CHECK(Refused({"calibrate", "--config", world.policy, "--db", world.db}).find("--quality") != std::string::npos);
  CHECK(Refused({"refit", "--config", world.policy, "--db", world.folder.Path("none.db")}).find("no such file") !=
        std::string::npos);
}

TEST_CASE("a replay can start from a refit of its warm-up rows") {
  const World world;
  const auto mean_quality = [&](const std::vector<std::string>& more) {
    std::vector<std::string> args = {"replay",      "--config",       world.policy,
                                     "--traffic",   world.traffic,    "--warmup",
                                     world.traffic, "--report",       world.folder.Path("r.json"),
                                     "--set",       "policy.kind=igw"};
    args.insert(args.end(), more.begin(), more.end());
    Run(args);
    return ReadJson(world.folder.Path("r.json"))["quality_mean"].get<double>();
  };
  CHECK(std::abs(mean_quality({"--refit"}) - mean_quality({})) < 0.05);
}

}  // namespace suffice
