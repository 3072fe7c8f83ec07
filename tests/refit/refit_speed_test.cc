// How long a refit takes on a log of many decisions. Hidden: build/test_refit "[.speed]"
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>

#include "base/ids.h"
#include "catch.h"
#include "features/sketch.h"
#include "log/sqlite_log_for_reading.h"
#include "refit/refit.h"

namespace suffice {
namespace {

constexpr int64_t kStartUs = 1'700'000'000'000'000;

Config FourTiers() {
  Config config;
  double price = 0.5;
  for (const char* name : {"small", "medium", "large", "huge"}) {
    config.tiers.push_back(
        {.name = name, .model = name, .price = {.input_usd_per_mtok = price, .output_usd_per_mtok = price}});
    price *= 5;
  }
  return config;
}

// Prompts of about 100 words with Zipf's frequencies.
class PromptSource {
 public:
  std::string Next() {
    std::string text;
    std::uniform_real_distribution<double> unit(0, 1);
    const int words = 60 + static_cast<int>(80 * unit(random_));
    for (int i = 0; i < words; ++i) {
      for (int n = static_cast<int>(std::exp(9.5 * unit(random_))); n > 0; n /= 20)
        text += static_cast<char>('a' + n % 20);
      text += ' ';
    }
    return text;
  }
  std::mt19937& random() { return random_; }

 private:
  std::mt19937 random_{1};
};

// Rows as a server with four tiers leaves them, decided on a projection that is not the refit's.
void WriteLog(const std::string& path, const Config& config, int64_t decisions) {
  auto log = OpenSqliteLog({.path = path, .durability = Durability::kNormal});
  REQUIRE(log.ok());
  REQUIRE((*log)->SaveConfig(config.Hash(), ConfigToYaml(config)).ok());
  PromptSource prompts;
  DecisionIdGenerator ids(7);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<std::string> sketches;
  Sketch sketch;
  for (int i = 0; i < 20'000; ++i) {
    SketchText(prompts.Next(), (*log)->salt(), sketch);
    sketches.push_back(sketch.Encode());
  }
  for (int64_t i = 0; i < decisions; ++i) {
    DecisionRecord row;
    row.time_us = kStartUs + i * 1000;
    row.id = ids.Next(row.time_us);
    row.config_hash = config.Hash();
    row.sketch = sketches[static_cast<size_t>(i) % sketches.size()];
    row.feature_version = 1;
    row.features.assign(73, 0.25F);
    row.input_tokens_estimate = 150;
    const size_t chosen = prompts.random()() % config.tiers.size();
    for (const Tier& tier : config.tiers) {
      row.tiers.push_back({.tier = tier.name,
                           .quality = unit(prompts.random()),
                           .quality_sigma = 0.0123456789,
                           .cost_usd = 0.00123456789 * unit(prompts.random()),
                           .latency_ms = 1234.56789,
                           .observations = 4321.098765,
                           .score = unit(prompts.random()),
                           .propensity = 0.25});
    }
    row.tier = row.policy_tier = config.tiers[chosen].name;
    row.propensity = 0.25;
    OutcomeRecord outcome;
    outcome.time_us = row.time_us;
    outcome.outcome = {.decision_id = row.id, .input_tokens = 150, .output_tokens = 200 + i % 100, .latency_ms = 900};
    FeedbackRecord feedback;
    feedback.time_us = row.time_us;
    feedback.feedback = {.feedback_id = row.id.ToString(),
                         .decision_id = row.id,
                         .reward = unit(prompts.random()) < 0.5 + 0.1 * static_cast<double>(chosen) ? 1.0 : 0.0};
    absl::Status queued;
    while (absl::IsResourceExhausted(queued = (*log)->AppendEvaluation(row, outcome, feedback))) {
      REQUIRE((*log)->Flush().ok());
    }
    REQUIRE(queued.ok());
  }
  REQUIRE((*log)->Flush().ok());
  REQUIRE((*log)->Close().ok());
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

double PeakMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void Measure(int64_t decisions) {
  const std::string path = std::filesystem::temp_directory_path() / fmt::format("refit_speed_{}.db", getpid());
  const Config config = FourTiers();
  WriteLog(path, config, decisions);
  const double before = PeakMegabytes();
  {
    const auto log = OpenSqliteLogForReading(path);
    REQUIRE(log.ok());
    const auto end = ReadLogEnd(path);
    REQUIRE(end.ok());
    const double cpu_before = CpuSeconds();
    const auto refitted =
        Refit(**log, config, {}, {.end = end->events, .decision_seq = end->decision_seq, .threads = 2});
    REQUIRE(refitted.ok());
    CHECK(refitted->report.decisions == decisions);
    WARN(fmt::format(
        "{} decisions, d = {}: {:.1f} s, {:.1f} s of processor; peak memory {:.0f} MB (before the refit {:.0f})",
        decisions, refitted->release.features->dimensions(), refitted->report.seconds, CpuSeconds() - cpu_before,
        PeakMegabytes(), before));
  }
  for (const char* suffix : {"", "-wal", "-shm", "-lock", ".lock"}) std::filesystem::remove(path + suffix);
}

}  // namespace

TEST_CASE("a refit of 100,000 decisions", "[.speed]") { Measure(100'000); }
TEST_CASE("a refit of 1,000,000 decisions", "[.speed]") { Measure(1'000'000); }

}  // namespace suffice
