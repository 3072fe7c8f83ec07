#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "catch.h"
#include "replay/case_file.h"
#include "replay/case_runner.h"

namespace suffice {
namespace {

namespace fs = std::filesystem;

struct CaseFile {
  std::string name;
  std::vector<ReplayCase> cases;
};

std::string ReadText(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Every tests/replay/*.yaml, by name.
std::vector<CaseFile> ReadCaseFiles() {
  std::vector<CaseFile> files;
  for (const auto& entry : fs::directory_iterator(fs::path(SUFFICE_SOURCE_DIR) / "tests/replay")) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string name = entry.path().filename();
    auto cases = ParseReplayCases(ReadText(entry.path()), name);
    if (!cases.ok()) FAIL(cases.status().message());
    files.push_back({name, *std::move(cases)});
  }
  std::sort(files.begin(), files.end(), [](const CaseFile& a, const CaseFile& b) { return a.name < b.name; });
  return files;
}

std::vector<std::string> Run(const std::string& yaml) {
  const auto cases = ParseReplayCases(yaml, "f.yaml");
  if (!cases.ok()) return {std::string(cases.status().message())};
  return RunReplayCase(cases->front(), "f.yaml");
}

const std::string kPolicy = R"(
policy:
  tiers: [{name: a, price: {}}, {name: b, price: {}}]
  policy: {kind: random}
cases:
  - name: one
    why: random draws each tier alike
    steps:
)";

TEST_CASE("Replay cases", "[replay]") {
  static const std::vector<CaseFile> files = ReadCaseFiles();
  for (const CaseFile& file : files) {
    for (const ReplayCase& replay_case : file.cases) {
      DYNAMIC_SECTION(file.name << ": " << replay_case.name) {
        INFO(replay_case.why);
        const std::vector<std::string> problems = RunReplayCase(replay_case, file.name);
        for (const std::string& problem : problems) FAIL_CHECK(problem);
        CHECK(problems.empty());
      }
    }
  }
}

TEST_CASE("There are at least 60 replay cases, and no two have the same name", "[replay]") {
  std::map<std::string, int> names;
  for (const CaseFile& file : ReadCaseFiles()) {
    for (const ReplayCase& replay_case : file.cases) ++names[replay_case.name];
  }
  for (const auto& [name, count] : names) {
    INFO(name);
    CHECK(count == 1);
  }
  CHECK(names.size() >= 60);
}

TEST_CASE("A case that is as expected has no problems", "[replay]") {
  CHECK(Run(kPolicy + "      - ask: {}\n        expect: {propensities: {a: 0.5, b: 0.5}}").empty());
}

TEST_CASE("A case that is not as expected says where and what", "[replay]") {
  const auto problems =
      Run(kPolicy + "      - ask: {}\n        expect: {propensities: {a: 0.6}, excluded: [{tier: b, reason: budget}]}");
  REQUIRE(problems.size() == 2);
  CHECK(problems[0] == "f.yaml:9: excluded: expected budget for b, got none ()");
  CHECK(problems[1] == "f.yaml:9: propensities.a: expected 0.6, got 0.5");
}

TEST_CASE("An error in a case file names the file, the place and the key", "[replay]") {
  const auto is_refused = [](const std::string& steps, const std::string& with) {
    const auto problems = Run(kPolicy + steps);
    REQUIRE(problems.size() == 1);
    INFO(problems[0]);
    CHECK(problems[0].find("f.yaml:") == 0);
    CHECK(problems[0].find(with) != std::string::npos);
  };
  is_refused("      - ask: {promt: x}\n        expect: {tier: a}", "cases.0.steps.0.ask.promt: unknown key");
  is_refused("      - ask: {}\n        expect: {propensity: {a: 1}}", "cases.0.steps.0.expect.propensity: unknown key");
  is_refused("      - ask: {}", "cases.0.steps.0.expect");
  is_refused("      - ask: {}\n        expect: {tolerance: 0.1}", "cases.0.steps.0.expect");
  is_refused("      - wait_s: 1", "cases.0.steps");
  is_refused("      - {wait_s: 1, ask: {}, expect: {tier: a}}", "expected one of log, wait_s, reload, ask");
  is_refused("      - ask: {}\n        expect: {tier: a}\n    set: [policy.knd=fixed]", "--set policy.knd");
}

TEST_CASE("A case may not expect a tier that chance has drawn", "[replay]") {
  const auto problems = Run(kPolicy + "      - ask: {allowed_tiers: [a, b]}\n        expect: {tier: a}");
  CHECK_FALSE(problems.empty());
}

}  // namespace
}  // namespace suffice
