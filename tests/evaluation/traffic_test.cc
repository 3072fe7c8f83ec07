#include "evaluation/traffic.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "catch.h"

namespace suffice {
namespace {

using Catch::Matchers::Contains;

// A file that lives as long as the test.
class TempFile {
 public:
  explicit TempFile(const std::string& text) {
    static int counter = 0;
    const std::string name = fmt::format("suffice_traffic_{}_{}", getpid(), counter++);
    path_ = (std::filesystem::temp_directory_path() / name).string();
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TempFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ErrorOf(const std::string& text, const std::vector<std::string>& expected = {}) {
  const TempFile file(text);
  const auto traffic = ReadTraffic(file.path(), expected);
  REQUIRE_FALSE(traffic.ok());
  CHECK(traffic.status().code() == absl::StatusCode::kInvalidArgument);
  std::string message(traffic.status().message());
  REQUIRE(message.rfind(file.path(), 0) == 0);
  return message.substr(file.path().size());
}

const char* const kGood =
    R"({"id":"a","source":"s","prompt":"hello","tiers":{"zeta":{"quality":1,"cost_usd":2e-5},)"
    R"("alpha":{"quality":0.25,"input_tokens":3.0,"output_tokens":7,"latency_ms":9.5,"ttft_ms":null}}})";

TEST_CASE("Rows are read with tiers in the first row's order, through CRLF, blank lines and a byte order mark") {
  const TempFile file(std::string("\xEF\xBB\xBF") + kGood + "\r\n\r\n  \n" +
                      R"({"prompt":"no id","tiers":{"alpha":{"quality":0},"zeta":{"quality":0.5}},"extra":[1]})");
  const auto traffic = ReadTraffic(file.path());
  REQUIRE(traffic.ok());
  CHECK(traffic->tier_names == std::vector<std::string>{"zeta", "alpha"});
  REQUIRE(traffic->rows.size() == 2);
  const TrafficRow& row = traffic->rows[0];
  CHECK(row.id == "a");
  CHECK(row.source == "s");
  CHECK(row.prompt == "hello");
  CHECK(row.tiers[0].quality == 1);
  CHECK(row.tiers[0].cost_usd == 2e-5);
  CHECK_FALSE(row.tiers[0].input_tokens.has_value());
  CHECK(row.tiers[1].input_tokens == 3);
  CHECK(row.tiers[1].output_tokens == 7);
  CHECK(row.tiers[1].latency_ms == 9.5);
  CHECK_FALSE(row.tiers[1].ttft_ms.has_value());
  CHECK(traffic->rows[1].id == "4");  // its line
  CHECK(traffic->rows[1].tiers[0].quality == 0.5);
}

TEST_CASE("Expected tier names fix the order and the set") {
  const TempFile file(kGood);
  const auto traffic = ReadTraffic(file.path(), {"alpha", "zeta"});
  REQUIRE(traffic.ok());
  CHECK(traffic->rows[0].tiers[0].quality == 0.25);
  CHECK_THAT(ErrorOf(kGood, {"alpha"}), Contains(":1: tiers.zeta: unknown tier; expected alpha"));
  CHECK_THAT(ErrorOf(kGood, {"alpha", "zeta", "omega"}), Contains(":1: tiers.omega: missing"));
  CHECK_FALSE(ReadTraffic(file.path(), {"alpha", "zeta", "alpha"}).ok());
}

TEST_CASE("Errors name file, line and field") {
  const std::string good = std::string(kGood) + "\n";
  const auto second = [&](const std::string& row) { return ErrorOf(good + row); };
  const auto tier = [&](const std::string& zeta) {
    return second(R"({"prompt":"p","tiers":{"zeta":)" + zeta + R"(,"alpha":{"quality":0}}})");
  };
  CHECK(tier(R"({"quality":1.4})") == ":2: tiers.zeta.quality: expected a number in [0, 1], got 1.4");
  CHECK(tier(R"({"quality":"high"})") == ":2: tiers.zeta.quality: expected a number in [0, 1], got \"high\"");
  CHECK(tier(R"({})") == ":2: tiers.zeta.quality: missing");
  CHECK(tier("3") == ":2: tiers.zeta: expected an object, got 3");
  CHECK(tier(R"({"quality":1,"cost_usd":-1})") == ":2: tiers.zeta.cost_usd: expected a number >= 0, got -1");
  CHECK(tier(R"({"quality":1,"output_tokens":1.5})") ==
        ":2: tiers.zeta.output_tokens: expected a whole number >= 0, got 1.5");
  CHECK(tier(R"({"quality":1,"output_tokens":1e300})") ==
        ":2: tiers.zeta.output_tokens: expected a whole number >= 0, got 1e+300");
  CHECK_THAT(tier(R"({"quality":1,"quality":0})"), Contains(":2: key \"quality\" stands twice in one object"));
  CHECK_THAT(tier(R"({"quality":1e999})"), Contains(":2: not JSON: "));
  CHECK(second(R"({"tiers":{}})") == ":2: prompt: missing");
  CHECK(second(R"({"prompt":7})") == ":2: prompt: expected a string, got 7");
  CHECK(second(R"({"prompt":"p"})") == ":2: tiers: missing");
  CHECK(second(R"({"prompt":"p","tiers":{}})") == ":2: tiers: expected an object with at least one tier, got {}");
  CHECK(second("[1, 2]") == ":2: expected an object, got [1,2]");
  CHECK(second(R"({"prompt":"p","tiers":{"zeta":{"quality":0}}})") == ":2: tiers.alpha: missing");
  CHECK_THAT(second("{\"prompt\": "), Contains(":2: column ") && Contains("not JSON"));
  CHECK_THAT(second("{\"prompt\": \"\xff\"}"), Contains(":2: column ") && Contains("UTF-8"));
  CHECK(ErrorOf("\n \r\n") == ": no rows");
  CHECK(ErrorOf("") == ": no rows");
}

TEST_CASE("A row may lack a tier only where that is expected, and the tier must be a known one") {
  const TempFile file(R"({"prompt":"p","tiers":{"a":{"quality":0.5}}})"
                      "\n"
                      R"({"prompt":"q","tiers":{"a":{"quality":0.5},"b":{"quality":1}}})");
  const auto traffic = ReadTraffic(file.path(), {"a", "b"}, /*tiers_may_lack=*/true);
  REQUIRE(traffic.ok());
  CHECK(traffic->rows[0].tiers[0].known);
  CHECK_FALSE(traffic->rows[0].tiers[1].known);
  CHECK(traffic->rows[1].tiers[1].quality == 1);
  CHECK_FALSE(ReadTraffic(file.path(), {"a", "b"}).ok());
  CHECK_FALSE(ReadTraffic(file.path(), {"a"}, /*tiers_may_lack=*/true).ok());
}

TEST_CASE("A line over the limit is an error, not a memory problem") {
  CHECK_THAT(ErrorOf(std::string(kGood) + "\n" + std::string(kMaxTrafficLineBytes + 1, 'x')),
             Contains(":2: the line is longer than 16777216 bytes"));
}

TEST_CASE("A path that is not a file is an error that names it") {
  const auto missing = ReadTraffic("/nonexistent/traffic.jsonl");
  CHECK(missing.status().code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(missing.status().message()), Contains("/nonexistent/traffic.jsonl"));
  CHECK(ReadTraffic("/").status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("What is written is read back the same") {
  Traffic traffic;
  traffic.tier_names = {"b", "a"};
  const TrafficTier full{0.1, 1.0 / 3, 5.5, 2.5, 7, 9};
  const TrafficTier bare{1, {}, {}, {}, {}, {}};
  traffic.rows.push_back({"1", "src", "two\nlines, \"quotes\" and \xC3\xA9", {full, bare}, "chat 7"});
  const TempFile file("old");
  REQUIRE(WriteTraffic(traffic, file.path()).ok());
  const auto read = ReadTraffic(file.path());
  REQUIRE(read.ok());
  CHECK(read->tier_names == traffic.tier_names);
  CHECK(read->rows[0].prompt == traffic.rows[0].prompt);
  CHECK(read->rows[0].session == "chat 7");
  CHECK(read->rows[0].tiers[0].cost_usd == 1.0 / 3);
  CHECK(read->rows[0].tiers[0].ttft_ms == 2.5);
  CHECK(read->rows[0].tiers[0].output_tokens == 9);
  CHECK_FALSE(read->rows[0].tiers[1].cost_usd.has_value());
  CHECK_FALSE(WriteTraffic(traffic, "/nonexistent/out.jsonl").ok());
}

Traffic OneTier(const std::vector<TrafficTier>& observed) {
  Traffic traffic;
  traffic.tier_names = {"only"};
  for (const TrafficTier& tier : observed) traffic.rows.push_back({"", "", "p", {tier}});
  return traffic;
}

TrafficTier Call(int64_t input, int64_t output, double cost) { return {0.5, cost, 100, {}, input, output}; }

TEST_CASE("Prices are recovered from costs and tokens") {
  std::vector<TrafficTier> calls;
  for (int i = 1; i < 20; ++i) {
    const int input = 100 + 7 * i % 13, output = 50 * i;
    calls.push_back(Call(input, output, input * 0.4e-6 + output * 1.6e-6));
  }
  const auto tiers = TiersFromTraffic(OneTier(calls));
  REQUIRE(tiers.size() == 1);
  CHECK(tiers[0].name == "only");
  CHECK(tiers[0].price.input_usd_per_mtok == Approx(0.4));
  CHECK(tiers[0].price.output_usd_per_mtok == Approx(1.6));
  CHECK(tiers[0].prior.output_tokens == TierPrior{}.output_tokens);
  CHECK(tiers[0].prior.latency_ms == TierPrior{}.latency_ms);
}

TEST_CASE("A fitted price is never negative, and an output price is there whenever something must be learned") {
  // Cost falls with input length: the free fit would have a negative input price.
  auto tiers = TiersFromTraffic(
      OneTier({Call(100, 100, 3e-4), Call(200, 100, 2e-4), Call(300, 100, 1e-4), Call(50, 120, 4e-4)}));
  CHECK(tiers[0].price.input_usd_per_mtok == 0);
  CHECK(tiers[0].price.output_usd_per_mtok > 0);
  // Input alone explains cost exactly.
  tiers = TiersFromTraffic(OneTier({Call(100, 0, 1e-4), Call(200, 0, 2e-4), Call(300, 0, 3e-4)}));
  CHECK(tiers[0].price.input_usd_per_mtok == Approx(1));
  CHECK(tiers[0].price.output_usd_per_mtok == 0);
  // Input alone is the best fit, but not exact.
  tiers = TiersFromTraffic(OneTier({Call(100, 0, 1e-4), Call(200, 0, 3e-4), Call(300, 0, 2e-4)}));
  CHECK(tiers[0].price.input_usd_per_mtok == 0);
  CHECK(tiers[0].price.output_usd_per_mtok == Approx(0.2));
}

TEST_CASE("Without tokens the mean cost is that of 1,000 output tokens; without costs a tier is free") {
  auto tiers = TiersFromTraffic(OneTier({{0.5, 0.001, {}, {}, {}, {}}, {0.5, 0.003, {}, {}, {}, {}}}));
  CHECK(tiers[0].price.input_usd_per_mtok == 0);
  CHECK(tiers[0].price.output_usd_per_mtok == Approx(2));
  tiers = TiersFromTraffic(OneTier({{0.5, {}, {}, {}, 10, 20}}));
  CHECK(tiers[0].price.input_usd_per_mtok == 0);
  CHECK(tiers[0].price.output_usd_per_mtok == 0);
}

}  // namespace
}  // namespace suffice
