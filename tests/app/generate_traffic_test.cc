#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "app/app.h"
#include "catch.h"
#include "evaluation/traffic.h"
#include "fake_io.h"

namespace suffice {
namespace {

TEST_CASE("generate-traffic writes rows that replay can read, the same for the same seed") {
  const auto path = [](int i) {
    const auto name = fmt::format("suffice_generated_{}_{}.jsonl", getpid(), i);
    return (std::filesystem::temp_directory_path() / name).string();
  };
  for (const auto& [file, seed] : {std::pair{0, "3"}, std::pair{1, "3"}, std::pair{2, "4"}}) {
    FakeIo fake;
    REQUIRE(RunSuffice({"generate-traffic", "--rows", "50", "--seed", seed, "--out", path(file)}, fake.io) == kExitOk);
    CHECK(fake.err.str().empty());
  }
  const auto first = ReadTraffic(path(0)), same = ReadTraffic(path(1)), other = ReadTraffic(path(2));
  for (int i = 0; i < 3; ++i) std::filesystem::remove(path(i));
  REQUIRE(first.ok());
  REQUIRE(same.ok());
  REQUIRE(other.ok());
  CHECK(first->rows.size() == 50);
  CHECK(first->tier_names == std::vector<std::string>{"small", "medium", "large"});
  CHECK(first->rows[7].prompt == same->rows[7].prompt);
  CHECK(first->rows[7].tiers[2].quality == same->rows[7].tiers[2].quality);
  CHECK(first->rows[7].prompt != other->rows[7].prompt);
}

TEST_CASE("generate-traffic refuses impossible numbers of rows and unwritable files") {
  FakeIo fake;
  CHECK(RunSuffice({"generate-traffic", "--rows", "0", "--out", "x"}, fake.io) == kExitUsage);
  CHECK(RunSuffice({"generate-traffic"}, fake.io) == kExitUsage);
  CHECK(RunSuffice({"generate-traffic", "--rows", "1", "--out", "/nonexistent/x.jsonl"}, fake.io) == kExitFailure);
  CHECK(fake.err.str().find("/nonexistent/x.jsonl") != std::string::npos);
}

}  // namespace
}  // namespace suffice
