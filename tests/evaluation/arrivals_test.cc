#include "evaluation/arrivals.h"

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "catch.h"
#include "evaluation/replay.h"
#include "evaluation/traffic.h"

namespace suffice {
namespace {

class File {
 public:
  explicit File(const std::string& text) {
    path_ = (std::filesystem::temp_directory_path() / "suffice_arrivals_XXXXXX").string();
    const int descriptor = ::mkstemp(path_.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    std::ofstream(path_) << text;
  }
  ~File() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_CASE("arrivals are scaled to fill the span") {
  const File file(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.5000000,374,44\n2023-11-16 18:15:47.0000000,1,1\r\n"
      "2023-11-16 18:15:49.5000000,1,1\n");
  const auto times = ReadArrivals(file.path(), 4'500'000);  // 3 s and a mean gap of 1.5
  REQUIRE(times.ok());
  CHECK(*times == std::vector<int64_t>{0, 500'000, 3'000'000});
}

TEST_CASE("a file of arrivals that cannot be used is refused by line") {
  CHECK(ReadArrivals("/nowhere/at/all.csv", 1000).status().code() == absl::StatusCode::kNotFound);
  for (const auto& [text, where] : {std::pair{"2023-11-16 18:15:46.5,1,1\n", ":1:"},
                                    {"TIMESTAMP,a\nyesterday,1\n", ":2:"},
                                    {"TIMESTAMP,a\n2023-11-16 18:15:46,1\n2023-11-16 18:15:45,1\n", ":3:"},
                                    {"TIMESTAMP,a\n2023-11-16 18:15:46,1\n", "two times"}}) {
    const File file(text);
    const auto times = ReadArrivals(file.path(), 1000);
    CHECK(times.status().code() == absl::StatusCode::kInvalidArgument);
    INFO(times.status().ToString());
    CHECK(std::string(times.status().message()).find(where) != std::string::npos);
  }
}

// Two tiers; the dear one is better, and costs ten times as much.
Traffic MadeTraffic() {
  Traffic traffic{.tier_names = {"cheap", "dear"}};
  for (int i = 0; i < 50; ++i) {
    TrafficRow row{.id = std::to_string(i), .prompt = "question of the day " + std::to_string(i * 7)};
    row.tiers.push_back({.quality = 0.5, .cost_usd = 1e-4 * (1 + i % 3), .latency_ms = 10});
    row.tiers.push_back({.quality = 0.9, .cost_usd = 1e-3 * (1 + i % 3), .latency_ms = 10});
    traffic.rows.push_back(std::move(row));
  }
  return traffic;
}

ReplayOptions DayOf(BudgetKind kind, double usd) {
  ReplayOptions options;
  options.traffic = MadeTraffic();
  options.config.tiers = TiersFromTraffic(options.traffic);
  options.config.limits.cost.budgets.push_back({.name = "day", .usd = usd, .kind = kind});
  options.warmup = options.traffic;
  options.threads = 1;
  for (int64_t i = 0; i < 2000; ++i) options.arrivals_us.push_back(i * 43'200'000);
  return options;
}

TEST_CASE("a replayed day spends its soft budget, and rows come again when arrivals outnumber them") {
  ReplayOptions options = DayOf(BudgetKind::kSoft, 2);  // half of what the dear tier would take
  options.days = 2;
  const auto report = Replay(options);
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  CHECK(report->decisions == 4000);
  CHECK(report->refused_share == 0);
  REQUIRE(report->budgets.size() == 2);
  for (const BudgetUse& day : report->budgets) {
    CHECK(day.used_usd_by_hour.size() == 24);
    CHECK(day.UsedShare() > 0.97);
    CHECK(day.UsedShare() < 1.01);
    CHECK(day.HoursWithout() == 0);
  }
}

TEST_CASE("a replayed hard budget is never exceeded, and what it refuses is told") {
  const auto report = Replay(DayOf(BudgetKind::kHard, 1));
  INFO(report.status().ToString());
  REQUIRE(report.ok());
  REQUIRE(report->budgets.size() == 1);
  CHECK(report->budgets[0].UsedShare() <= 1);
  CHECK(report->budgets[0].UsedShare() > 0.99);
  CHECK(report->refused_share > 0);
  CHECK(report->decisions + std::llround(report->refused_share * 2000) == 2000);
}

TEST_CASE("tiers from traffic reserve as much as the dearest call cost") {
  const Traffic traffic = MadeTraffic();
  for (const Tier& tier : TiersFromTraffic(traffic)) {
    const double worst = tier.price.output_usd_per_mtok * 1e-6 * static_cast<double>(tier.max_output_tokens);
    CHECK(worst >= (tier.name == "dear" ? 3e-3 : 3e-4));
    CHECK(worst < (tier.name == "dear" ? 3.1e-3 : 3.1e-4));
  }
}

}  // namespace
}  // namespace suffice
