// tools/deploy/Dockerfile: what it starts, copies and installs is what there is and what the program needs.
#include <filesystem>
#include <sstream>

#include "absl/strings/str_split.h"
#include "deploy/deploy_testing.h"
#include "yaml-cpp/yaml.h"

namespace suffice {
namespace {

struct Instruction {
  std::string name;  // "RUN"
  std::string rest;
};

// With continued lines joined, without comments.
std::vector<Instruction> ReadDockerfile() {
  std::vector<Instruction> instructions;
  std::istringstream in(DeployFile("Dockerfile"));
  std::string whole;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const bool goes_on = line.ends_with("\\");
    whole += goes_on ? line.substr(0, line.size() - 1) : line;
    if (goes_on) continue;
    const size_t space = whole.find(' ');
    REQUIRE(space != std::string::npos);
    instructions.push_back({whole.substr(0, space), whole.substr(space + 1)});
    whole.clear();
  }
  REQUIRE(whole.empty());
  return instructions;
}

// Those of the image that is kept.
std::vector<Instruction> LastStage() {
  std::vector<Instruction> stage;
  for (const Instruction& instruction : ReadDockerfile()) {
    if (instruction.name == "FROM") stage.clear();
    stage.push_back(instruction);
  }
  return stage;
}

std::string Only(const std::vector<Instruction>& stage, const std::string& name) {
  std::vector<std::string> found;
  for (const Instruction& instruction : stage) {
    if (instruction.name == name) found.push_back(instruction.rest);
  }
  INFO(name);
  REQUIRE(found.size() == 1);
  return found[0];
}

// The list in brackets at the end: the form that runs without a shell.
std::vector<std::string> Words(const std::string& text) {
  const size_t bracket = text.find('[');
  REQUIRE(bracket != std::string::npos);
  return YAML::Load(text.substr(bracket)).as<std::vector<std::string>>();
}

}  // namespace

TEST_CASE("the image starts a server that there is, and not as root", "[deploy]") {
  const std::vector<Instruction> stage = LastStage();
  CHECK(stage[0].rest == "debian:12-slim");
  CHECK(Words(Only(stage, "ENTRYPOINT")) == std::vector<std::string>{"suffice"});
  CheckCommandLine(Words(Only(stage, "CMD")));
  std::vector<std::string> health = Words(Only(stage, "HEALTHCHECK"));
  REQUIRE(health[0] == "suffice");
  health.erase(health.begin());
  CheckCommandLine(health);
  // Numbers, so that Kubernetes can tell that it is not root.
  CHECK(Only(stage, "USER") == "65532:65532");
  CHECK(Only(stage, "STOPSIGNAL") == "SIGTERM");
  const std::string data = Only(stage, "VOLUME");
  CHECK(ValuesOf(Words(Only(stage, "CMD")), "--db")[0].starts_with(data + "/"));
}

TEST_CASE("what the image copies from the project is there", "[deploy]") {
  for (const Instruction& instruction : ReadDockerfile()) {
    if (instruction.name != "COPY" || instruction.rest.starts_with("--from")) continue;
    std::vector<std::string> words = absl::StrSplit(instruction.rest, ' ', absl::SkipEmpty());
    words.pop_back();
    for (const std::string& source : words) {
      INFO(source);
      CHECK(std::filesystem::exists(std::filesystem::path(SUFFICE_SOURCE_DIR) / source));
    }
  }
}

TEST_CASE("the image installs every library that the program is linked with", "[deploy]") {
  std::vector<std::string> installed;
  for (const Instruction& instruction : LastStage()) {
    if (instruction.name != "RUN") continue;
    const std::string list = instruction.rest.substr(instruction.rest.find("--no-install-recommends"));
    installed = absl::StrSplit(list.substr(0, list.find("&&")), ' ', absl::SkipEmpty());
  }
  const ShellResult linked = RunShell(std::string("ldd ") + SUFFICE_BINARY);
  const ShellResult needed = RunShell(std::string("readelf -d ") + SUFFICE_BINARY);
  REQUIRE(linked.code == 0);
  REQUIRE(needed.code == 0);
  int libraries = 0;
  const std::vector<std::string> lines = absl::StrSplit(linked.output, '\n');
  for (const std::string& line : lines) {
    // "	libfmt.so.9 => /lib/x86_64-linux-gnu/libfmt.so.9 (0x...)"
    const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() < 3 || words[1] != "=>") continue;
    if (needed.output.find("[" + words[0] + "]") == std::string::npos) continue;  // comes with a library's own package
    if (words[0].find("san.so") != std::string::npos) continue;                   // of a build with a sanitizer
    const std::filesystem::path path(words[2]);
    const std::string pattern = "*/" + path.parent_path().filename().string() + "/" + path.filename().string();
    const ShellResult owner = RunShell("dpkg-query -S '" + pattern + "'");
    REQUIRE(owner.code == 0);
    const std::string package = owner.output.substr(0, owner.output.find(':'));
    INFO(words[0] << " is of " << owner.output);
    CHECK(std::find(installed.begin(), installed.end(), package) != installed.end());
    ++libraries;
  }
  CHECK(libraries > 5);
}

}  // namespace suffice
