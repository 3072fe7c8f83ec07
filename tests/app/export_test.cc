// A replay's log out of the program and back.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/app.h"
#include "catch.h"
#include "evaluation/example_traffic.h"
#include "fake_io.h"
#include "temp_folder.h"

namespace suffice {
namespace {

struct Result {
  int code;
  std::string out, err;
};

Result Run(const std::vector<std::string>& args) {
  FakeIo fake;
  const int code = RunSuffice(args, fake.io);
  return {code, fake.out.str(), fake.err.str()};
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a replay's log is exported, imported and exported the same, and as dsjson") {
  const TempFolder folder;
  const std::string policy = SUFFICE_SOURCE_DIR "/policies/two_tiers.yaml";
  const std::string traffic = folder.Path("traffic.jsonl"), db = folder.Path("a.db");
  REQUIRE(WriteTraffic(ExampleTraffic(1, 60), traffic).ok());
  const Result replayed = Run({"replay", "--config", policy, "--tiers-from-traffic", "--traffic", traffic, "--db", db});
  INFO(replayed.err);
  REQUIRE(replayed.code == kExitOk);
  CHECK(Contains(Run({"replay", "--config", policy, "--tiers-from-traffic", "--traffic", traffic, "--db", db}).err,
                 "not there yet"));

  const Result exported = Run({"export", "--db", db, "--out", folder.Path("a.jsonl")});
  INFO(exported.err);
  REQUIRE(exported.code == kExitOk);
  CHECK(Contains(exported.out, "a.jsonl: "));
  const Result imported = Run({"import", "--in", folder.Path("a.jsonl"), "--db", folder.Path("b.db")});
  INFO(imported.err);
  REQUIRE(imported.code == kExitOk);
  CHECK(Contains(imported.out, " rows"));
  REQUIRE(Run({"export", "--db", folder.Path("b.db"), "--out", folder.Path("b.jsonl")}).code == kExitOk);
  CHECK(Read(folder.Path("b.jsonl")) == Read(folder.Path("a.jsonl")));

  const Result again = Run({"import", "--in", folder.Path("a.jsonl"), "--db", folder.Path("b.db")});
  CHECK(again.code == kExitFailure);
  CHECK(Contains(again.err, "not there yet"));

  const Result dsjson = Run({"export", "--db", db, "--format", "dsjson", "--out", folder.Path("a.dsjson")});
  REQUIRE(dsjson.code == kExitOk);
  CHECK(Contains(dsjson.out, "60 decisions, 60 with a reward; 0 without propensities"));
  CHECK(Read(folder.Path("a.dsjson")).rfind("{\"_label_cost\":", 0) == 0);
}

TEST_CASE("an export that fails leaves no file") {
  const TempFolder folder;
  for (const char* format : {"jsonl", "dsjson"}) {
    const Result missing =
        Run({"export", "--db", folder.Path("no.db"), "--format", format, "--out", folder.Path("out")});
    CHECK(missing.code == kExitFailure);
    CHECK(Contains(missing.err, "no.db: no such file"));
    CHECK_FALSE(std::filesystem::exists(folder.Path("out")));
  }
  CHECK(Run({"export", "--db", "x", "--out", "y", "--format", "csv"}).code == kExitUsage);
  const Result nowhere = Run({"export", "--db", folder.Path("no.db"), "--out", folder.Path("no/out")});
  CHECK(nowhere.code == kExitFailure);
  CHECK(Contains(nowhere.err, "no/out: cannot be written"));
}

}  // namespace suffice
