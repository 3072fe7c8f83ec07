#include "app/flags.h"

#include <optional>

#include "catch.h"
#include "fake_io.h"

namespace suffice {
namespace {

// One flag of each kind, as a command would declare them.
struct Example {
  bool verbose = false;
  std::string mode = "fast";
  int count = 3;
  int64_t seed = 1;
  double rate = 0.5;
  std::vector<std::string> set;
  FakeIo fake;

  std::optional<int> Parse(const std::vector<std::string>& args) { return Declare().Parse(args, fake.io); }

  Flags Declare() {
    Flags flags("example", "Does something.", "suffice example --seed 2\nsuffice example --verbose");
    flags.Add("verbose", &verbose, {.help = "says more"});
    flags.Add("mode", &mode, {.value = "MODE", .help = "how", .choices = {"fast", "slow"}});
    flags.Add("count", &count, {.value = "N", .help = "how many", .range = Between(1, 10)});
    flags.Add("seed", &seed, {.value = "N", .help = "of the draw"});
    flags.Add("sample-rate", &rate, {.value = "P", .help = "share", .range = Between(0, 1)});
    flags.Add("set", &set, {.value = "K=V", .help = "overrides"});
    return flags;
  }

  // The lines on err, without the usage that follows them.
  std::string Errors(const std::vector<std::string>& args) {
    fake.err.str("");
    CHECK(Parse(args) == std::optional<int>(kExitUsage));
    CHECK(fake.out.str().empty());
    const std::string text = fake.err.str();
    const size_t usage = text.find("Usage: ");
    CHECK(text.substr(usage) == "Usage: suffice example [options]\nSee `suffice example --help`.\n");
    return text.substr(0, usage);
  }
};

}  // namespace

TEST_CASE("flags of every kind are read, in both spellings") {
  Example example;
  REQUIRE(example.Parse({"--verbose", "--mode", "slow", "--count=7", "--seed", "-9000000000", "--sample-rate=2.5e-1",
                         "--set", "a=b", "--set=c=d;e"}) == std::nullopt);
  CHECK(example.verbose);
  CHECK(example.mode == "slow");
  CHECK(example.count == 7);
  CHECK(example.seed == -9000000000);
  CHECK(example.rate == 0.25);
  CHECK(example.set == std::vector<std::string>{"a=b", "c=d;e"});
  CHECK(example.fake.err.str().empty());
}

TEST_CASE("flags that are not given keep their defaults") {
  Example example;
  REQUIRE(example.Parse({}) == std::nullopt);
  CHECK_FALSE(example.verbose);
  CHECK(example.mode == "fast");
  CHECK(example.count == 3);
  CHECK(example.set.empty());
}

TEST_CASE("the environment sets flags, and the command line wins over it") {
  Example example;
  example.fake.environment = {{"SUFFICE_SAMPLE_RATE", "0.125"},
                              {"SUFFICE_SET", "a=b;;c=d;"},
                              {"SUFFICE_VERBOSE", "1"},
                              {"SUFFICE_SEED", "5"},
                              {"SUFFICE_MODE", ""},
                              {"SUFFICE_OTHER", "x"}};
  REQUIRE(example.Parse({"--seed", "6"}) == std::nullopt);
  CHECK(example.rate == 0.125);
  CHECK(example.set == std::vector<std::string>{"a=b", "c=d"});
  CHECK(example.verbose);
  CHECK(example.seed == 6);
  CHECK(example.mode == "fast");

  REQUIRE(example.Parse({"--set", "x=y"}) == std::nullopt);
  CHECK(example.set == std::vector<std::string>{"x=y"});
}

TEST_CASE("a wrong value is told with the flag or variable that it came from, and changes nothing") {
  Example example;
  CHECK(example.Errors({"--count", "11"}) ==
        "suffice example: --count: expected a whole number in [1, 10], got \"11\"\n");
  CHECK(example.Errors({"--count", "2.5"}) ==
        "suffice example: --count: expected a whole number in [1, 10], got \"2.5\"\n");
  CHECK(example.Errors({"--seed", "x"}) == "suffice example: --seed: expected a whole number, got \"x\"\n");
  CHECK(example.Errors({"--seed", "99999999999999999999"}) ==
        "suffice example: --seed: expected a whole number, got \"99999999999999999999\"\n");
  CHECK(example.Errors({"--sample-rate", "nan"}) ==
        "suffice example: --sample-rate: expected a number in [0, 1], got \"nan\"\n");
  CHECK(example.Errors({"--mode", "middling"}) ==
        "suffice example: --mode: expected one of fast, slow, got \"middling\"\n");
  CHECK(example.Errors({"--seed", "1", "--seed", "2"}) == "suffice example: --seed: given more than once\n");
  example.fake.environment = {{"SUFFICE_SAMPLE_RATE", "2"}, {"SUFFICE_VERBOSE", "yes"}};
  CHECK(example.Errors({"--count", "0"}) ==
        "suffice example: SUFFICE_VERBOSE: expected true or false, got \"yes\"\n"
        "suffice example: --count: expected a whole number in [1, 10], got \"0\"\n"
        "suffice example: SUFFICE_SAMPLE_RATE: expected a number in [0, 1], got \"2\"\n");
  CHECK(example.count == 3);
  CHECK(example.rate == 0.5);
}

TEST_CASE("what is not understood is refused with exit code 2") {
  Example example;
  CHECK(example.Errors({"--sead", "1"}) == "suffice example: unknown flag --sead; did you mean --seed?\n");
  CHECK(example.Errors({"--zzzzzzzz"}) == "suffice example: unknown flag --zzzzzzzz\n");
  CHECK(example.Errors({"--se", "1"}) == "suffice example: unknown flag --se; did you mean --set?\n");
  CHECK(example.Errors({"stray"}) == "suffice example: unexpected argument \"stray\"\n");
  CHECK(example.Errors({"--", "--seed"}) == "suffice example: unexpected argument \"--seed\"\n");
  CHECK_FALSE(example.Errors({"--seed"}).empty());
  CHECK_FALSE(example.Errors({"--verbose=true"}).empty());
}

TEST_CASE("required flags and arguments") {
  FakeIo fake;
  std::string config;
  std::string file;
  Flags flags("needy", "Needs things.", "suffice needy FILE --config c.yaml");
  flags.Add("config", &config, {.value = "FILE", .help = "policy", .required = true});
  flags.AddPositional("FILE", &file, "what to read");
  CHECK(flags.Parse({}, fake.io) == std::optional<int>(kExitUsage));
  CHECK(fake.err.str() ==
        "suffice needy: --config is required (or SUFFICE_CONFIG)\n"
        "suffice needy: FILE is required\n"
        "Usage: suffice needy FILE --config FILE [options]\n"
        "See `suffice needy --help`.\n");
  fake.environment = {{"SUFFICE_CONFIG", "c.yaml"}};
  CHECK(flags.Parse({"f.txt"}, fake.io) == std::nullopt);
  CHECK(config == "c.yaml");
  CHECK(file == "f.txt");
}

TEST_CASE("help shows usage, options with defaults and variables, and the example") {
  Example example;
  for (const std::string flag : {"--help", "-h"}) {
    example.fake.out.str("");
    CHECK(example.Parse({flag, "--seed", "not looked at"}) == std::optional<int>(kExitOk));
    CHECK(example.fake.out.str() ==
          "Does something.\n"
          "\n"
          "Usage: suffice example [options]\n"
          "\n"
          "Options, each with the environment variable that also sets it:\n"
          "  --verbose                     says more\n"
          "                                SUFFICE_VERBOSE\n"
          "  --mode MODE                   how: fast, slow (default: fast)\n"
          "                                SUFFICE_MODE\n"
          "  --count N                     how many (default: 3)\n"
          "                                SUFFICE_COUNT\n"
          "  --seed N                      of the draw (default: 1)\n"
          "                                SUFFICE_SEED\n"
          "  --sample-rate P               share (default: 0.5)\n"
          "                                SUFFICE_SAMPLE_RATE\n"
          "  --set K=V                     overrides; may be given several times\n"
          "                                SUFFICE_SET, separated by ';'\n"
          "  --help                        shows this\n"
          "\n"
          "Example:\n"
          "  suffice example --seed 2\n"
          "  suffice example --verbose\n");
    CHECK(example.fake.err.str().empty());
  }
}

}  // namespace suffice
