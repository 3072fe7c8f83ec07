// A replay's log out of the program and back.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/app.h"
#include "catch.h"
#include "evaluation/example_traffic.h"
#include "fake_io.h"

namespace suffice {
namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "suffice_export_XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

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
  const Folder folder;
  const std::string policy = SUFFICE_SOURCE_DIR "/policies/two_tiers.yaml";
  const std::string traffic = folder.File("traffic.jsonl"), db = folder.File("a.db");
  REQUIRE(WriteTraffic(ExampleTraffic(1, 60), traffic).ok());
  const Result replayed = Run({"replay", "--config", policy, "--tiers-from-traffic", "--traffic", traffic, "--db", db});
  INFO(replayed.err);
  REQUIRE(replayed.code == kExitOk);
  CHECK(Contains(Run({"replay", "--config", policy, "--tiers-from-traffic", "--traffic", traffic, "--db", db}).err,
                 "not there yet"));

  const Result exported = Run({"export", "--db", db, "--out", folder.File("a.jsonl")});
  INFO(exported.err);
  REQUIRE(exported.code == kExitOk);
  CHECK(Contains(exported.out, "a.jsonl: "));
  const Result imported = Run({"import", "--in", folder.File("a.jsonl"), "--db", folder.File("b.db")});
  INFO(imported.err);
  REQUIRE(imported.code == kExitOk);
  CHECK(Contains(imported.out, " rows"));
  REQUIRE(Run({"export", "--db", folder.File("b.db"), "--out", folder.File("b.jsonl")}).code == kExitOk);
  CHECK(Read(folder.File("b.jsonl")) == Read(folder.File("a.jsonl")));

  const Result again = Run({"import", "--in", folder.File("a.jsonl"), "--db", folder.File("b.db")});
  CHECK(again.code == kExitFailure);
  CHECK(Contains(again.err, "not there yet"));

  const Result dsjson = Run({"export", "--db", db, "--format", "dsjson", "--out", folder.File("a.dsjson")});
  REQUIRE(dsjson.code == kExitOk);
  CHECK(Contains(dsjson.out, "60 decisions, 60 with a reward; 0 without propensities"));
  CHECK(Read(folder.File("a.dsjson")).rfind("{\"_label_cost\":", 0) == 0);
}

TEST_CASE("an export that fails leaves no file") {
  const Folder folder;
  for (const char* format : {"jsonl", "dsjson"}) {
    const Result missing =
        Run({"export", "--db", folder.File("no.db"), "--format", format, "--out", folder.File("out")});
    CHECK(missing.code == kExitFailure);
    CHECK(Contains(missing.err, "no.db: no such file"));
    CHECK_FALSE(std::filesystem::exists(folder.File("out")));
  }
  CHECK(Run({"export", "--db", "x", "--out", "y", "--format", "csv"}).code == kExitUsage);
  const Result nowhere = Run({"export", "--db", folder.File("no.db"), "--out", folder.File("no/out")});
  CHECK(nowhere.code == kExitFailure);
  CHECK(Contains(nowhere.err, "no/out: cannot be written"));
}

}  // namespace suffice
