// The command line as a whole: the table of commands, exit codes, and the commands on policy files.
#include "app/app.h"

#include <set>

#include "app/commands.h"
#include "catch.h"
#include "fake_io.h"
#include "suffice/config.h"

namespace suffice {
namespace {

const std::string kPolicy = SUFFICE_SOURCE_DIR "/policies/two_tiers.yaml";

struct Result {
  int code;
  std::string out;
  std::string err;
};

Result Run(const std::vector<std::string>& args, std::map<std::string, std::string> environment = {}) {
  FakeIo fake;
  fake.environment = std::move(environment);
  const int code = RunSuffice(args, fake.io);
  return {code, fake.out.str(), fake.err.str()};
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("every command is listed once, and its help shows usage and an example") {
  const Result overview = Run({"--help"});
  CHECK(overview.code == kExitOk);
  CHECK(overview.err.empty());
  std::set<std::string> names;
  for (const Command& command : AllCommands()) {
    INFO(command.name);
    CHECK(names.insert(command.name).second);
    CHECK(Contains(overview.out, "  " + command.name + " "));
    CHECK(Contains(overview.out, command.summary));
    const Result help = Run({command.name, "--help"});
    CHECK(help.code == kExitOk);
    CHECK(Contains(help.out, "Usage: suffice " + command.name));
    CHECK(Contains(help.out, "\nExample:\n  suffice " + command.name));
    const Result wrong = Run({command.name, "--no-such-flag"});
    CHECK(wrong.code == kExitUsage);
    CHECK(Contains(wrong.err, "suffice " + command.name + ": unknown flag --no-such-flag"));
  }
  CHECK(names.count("check-config") == 1);
}

TEST_CASE("version, and calls without a known command") {
  CHECK(Run({"--version"}).out == "suffice " SUFFICE_VERSION "\n");
  CHECK(Run({"--version"}).code == kExitOk);
  const Result nothing = Run({});
  CHECK(nothing.code == kExitUsage);
  CHECK(nothing.out.empty());
  CHECK(Contains(nothing.err, "Usage: suffice COMMAND"));
  const Result unknown = Run({"chekc-config"});
  CHECK(unknown.code == kExitUsage);
  CHECK(unknown.err == "suffice: no command is called \"chekc-config\"; did you mean \"check-config\"?\n");
}

TEST_CASE("check-config says what a good file is, and its hash follows the overrides") {
  const absl::StatusOr<Config> config = LoadConfig(kPolicy);
  REQUIRE(config.ok());
  const Result plain = Run({"check-config", kPolicy});
  CHECK(plain.code == kExitOk);
  CHECK(plain.out == "ok: two_tiers, 2 tiers, " + config->Hash() + "\n");
  const Result changed = Run({"check-config", kPolicy, "--set", "name=mine", "--set", "audit.rate=1"});
  CHECK(changed.code == kExitOk);
  CHECK(Contains(changed.out, "ok: mine, 2 tiers, "));
  CHECK(changed.out.substr(changed.out.size() - 20) != plain.out.substr(plain.out.size() - 20));
  CHECK(Run({"check-config", kPolicy}, {{"SUFFICE_SET", "name=mine;audit.rate=1"}}).out == changed.out);
}

TEST_CASE("check-config tells every error and fails") {
  const Result result = Run({"check-config", kPolicy, "--set", "audit.rate=2", "--set", "mode=lively"});
  CHECK(result.code == kExitFailure);
  CHECK(result.out.empty());
  CHECK(result.err ==
        "--set mode: expected one of live, apprentice, log_only; got lively (did you mean \"live\"?)\n"
        "--set audit.rate: expected a number in [0, 1], got 2\n");
  const Result missing = Run({"check-config", "no/such.yaml"});
  CHECK(missing.code == kExitFailure);
  CHECK(Contains(missing.err, "no/such.yaml"));
  CHECK(Run({"check-config"}).code == kExitUsage);
}

TEST_CASE("print-config prints a file that means the same") {
  const Result printed = Run({"print-config", kPolicy, "--set", "tiers.small.prior.quality=0.75"});
  REQUIRE(printed.code == kExitOk);
  const absl::StatusOr<Config> again = ParseConfig(printed.out, "printed");
  const absl::StatusOr<Config> direct = LoadConfig(kPolicy, {"tiers.small.prior.quality=0.75"});
  REQUIRE(again.ok());
  REQUIRE(direct.ok());
  CHECK(*again == *direct);
  CHECK(Run({"print-config", kPolicy, "--set", "nmae=x"}).code == kExitFailure);
}

}  // namespace suffice
