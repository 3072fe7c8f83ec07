// tools/deploy/systemd: the units name flags, keys and folders that there are, and systemd takes them.
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "deploy/deploy_testing.h"
#include "integration/child_process.h"
#include "suffice/config.h"
#include "temp_folder.h"

namespace suffice {
namespace {

// "Service.ExecStart" -> its values in order; an empty one, which resets a list, is left out.
std::map<std::string, std::vector<std::string>> ReadUnit(const std::string& name) {
  std::map<std::string, std::vector<std::string>> unit;
  std::istringstream in(DeployFile(name));
  std::string section;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      section = line.substr(1, line.find(']') - 1);
      continue;
    }
    const std::pair<std::string, std::string> entry = absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (!entry.second.empty()) unit[section + "." + entry.first].push_back(entry.second);
  }
  return unit;
}

std::vector<std::string> Services() {
  std::vector<std::string> names = DeployFiles("systemd", ".service");
  const std::vector<std::string> additions = DeployFiles("systemd", ".conf");
  names.insert(names.end(), additions.begin(), additions.end());
  return names;
}

std::vector<std::string> StartWords(const std::string& name) {
  auto unit = ReadUnit(name);
  REQUIRE(unit["Service.ExecStart"].size() == 1);
  std::vector<std::string> words = absl::StrSplit(unit["Service.ExecStart"][0], ' ');
  REQUIRE(words[0] == "/usr/bin/suffice");
  words.erase(words.begin());
  return words;
}

}  // namespace

TEST_CASE("units start commands with flags that there are", "[deploy]") {
  const std::vector<std::string> names = Services();
  REQUIRE(names.size() >= 3);
  for (const std::string& name : names) {
    INFO(name);
    const std::vector<std::string> words = StartWords(name);
    CheckCommandLine(words);
    // What a unit may write to, and what it may read.
    for (const std::string& word : words) {
      if (word.starts_with("/")) CHECK((word.starts_with("/var/lib/suffice/") || word.starts_with("/etc/suffice/")));
    }
  }
}

TEST_CASE("keys that a unit sets are keys of the policy", "[deploy]") {
  for (const std::string& name : Services()) {
    INFO(name);
    std::vector<std::string> args = {"check-config", std::string(SUFFICE_SOURCE_DIR) + "/policies/two_tiers.yaml"};
    for (const std::string& value : ValuesOf(StartWords(name), "--set")) {
      args.insert(args.end(), {"--set", absl::StrReplaceAll(value, {{"%d", "/run/credentials/suffice.service"}})});
      // What it names by %d must be one of its credentials.
      if (const size_t at = value.find("%d/"); at != std::string::npos) {
        bool loaded = false;
        const auto unit = ReadUnit(name);
        for (const std::string& credential : unit.at("Service.LoadCredential")) {
          loaded = loaded || credential.starts_with(value.substr(at + 3) + ":");
        }
        CHECK(loaded);
      }
    }
    ChildProcess process(args);
    CHECK(process.Wait().code == 0);
    CHECK(process.err().empty());
  }
}

TEST_CASE("a stop waits for the drain", "[deploy]") {
  auto unit = ReadUnit("systemd/suffice.service");
  REQUIRE(unit["Service.TimeoutStopSec"].size() == 1);
  CHECK(std::stod(unit["Service.TimeoutStopSec"][0]) >= 2 * ServeConfig().drain_s);
  CHECK(unit["Service.ExecReload"] == std::vector<std::string>{"/bin/kill -HUP $MAINPID"});
  CHECK(unit["Service.StateDirectory"] == std::vector<std::string>{"suffice"});
}

TEST_CASE("systemd takes the units and finds them closed", "[deploy]") {
  if (RunShell("command -v systemd-analyze").code != 0) {
    WARN("systemd-analyze is not installed: units are not verified");
    return;
  }
  // With a program that is there, and a user that every Debian has.
  const TempFolder folder;
  std::string units;
  for (const char* const extension : {".service", ".timer", ".conf"}) {
    for (const std::string& name : DeployFiles("systemd", extension)) {
      const std::filesystem::path path = folder.Path(std::filesystem::path(name).lexically_relative("systemd").string());
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path) << absl::StrReplaceAll(DeployFile(name), {{"/usr/bin/suffice", SUFFICE_BINARY},
                                                                    {"User=suffice", "User=daemon"},
                                                                    {"Group=suffice", "Group=daemon"},
                                                                    {"Documentation=", "#"}});
      if (path.parent_path() == std::filesystem::path(folder.Path("")).parent_path()) units += " " + path.string();
    }
  }
  const ShellResult verified = RunShell("systemd-analyze verify --man=no" + units);
  INFO(verified.output);
  CHECK(verified.code == 0);
  CHECK(verified.output.find(folder.Path("")) == std::string::npos);  // where warnings begin

  // Exposure from 0 to 10 (times ten): below 2 is "OK" in its words.
  const ShellResult server = RunShell("systemd-analyze security --offline=true --threshold=20 " + folder.Path("suffice.service"));
  INFO(server.output);
  CHECK(server.code == 0);
  const ShellResult nightly = RunShell("systemd-analyze security --offline=true --threshold=30 " + folder.Path("suffice-nightly.service"));
  INFO(nightly.output);
  CHECK(nightly.code == 0);
}

}  // namespace suffice
