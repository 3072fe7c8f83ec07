#include "nightly/sampling.h"

#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

#include "catch.h"
#include "features/sketch.h"
#include "nightly/nightly_testing.h"
#include "nightly/strata.h"

namespace suffice {
namespace {

constexpr int kDecisions = 3000;

std::unique_ptr<EventLog> FilledLog(int with_prompt, int without_prompt = 0) {
  std::unique_ptr<EventLog> log = NewMemoryLog(1);
  for (int n = 0; n < with_prompt + without_prompt; ++n) {
    REQUIRE(log->AppendDecision(NightlyDecision(static_cast<uint32_t>(n), n < with_prompt)).ok());
  }
  return log;
}

TEST_CASE("allocation: at least one each, at most all, and the total exactly", "[sampling]") {
  for (const int64_t total : {4, 7, 50, 999, 1000, 5000}) {
    const std::vector<StratumSize> strata = {{1, 1}, {900, 2}, {9, 1.5}, {0, 1}, {90, 1}};
    const std::vector<int64_t> counts = AllocateSample(strata, total);
    CHECK(std::accumulate(counts.begin(), counts.end(), int64_t{0}) == std::min<int64_t>(total, 1000));
    for (size_t h = 0; h < strata.size(); ++h) {
      CHECK(counts[h] <= strata[h].size);
      CHECK(counts[h] >= std::min<int64_t>(1, strata[h].size));
    }
  }
}

TEST_CASE("inverse probabilities of a stratified sample add up to the log, in every stratum", "[sampling]") {
  const auto log = FilledLog(kDecisions);
  const auto drawn = SampleLog(*log, {.sample = 200, .seed = 3, .end_seq = kDecisions});
  REQUIRE(drawn.ok());
  CHECK(drawn->samples.size() == 200);
  CHECK(drawn->population == kDecisions);
  std::map<std::string, double> by_tier, by_tenant;
  double all = 0;
  std::set<std::string> strata;
  for (const NightlySample& sample : drawn->samples) {
    by_tier[sample.served_tier] += sample.Weight();
    by_tenant[sample.tenant] += sample.Weight();
    strata.insert(sample.stratum);
    all += sample.Weight();
    CHECK(sample.number == &sample - drawn->samples.data() + 1);
    CHECK(sample.propensities.size() == 2);
  }
  CHECK(strata.size() > 6);  // tiers and tenants alone
  std::map<std::string, double> true_tier, true_tenant;
  REQUIRE(log->ScanDecisions(0, kDecisions,
                             [&](const DecisionRecord& decision) {
                               ++true_tier[decision.tier];
                               ++true_tenant[decision.tenant];
                               return true;
                             })
              .ok());
  CHECK(all == Approx(kDecisions));
  for (const auto& [tier, count] : true_tier) CHECK(by_tier[tier] == Approx(count));
  for (const auto& [tenant, count] : true_tenant) CHECK(by_tenant[tenant] == Approx(count));
}

TEST_CASE("over many seeds each decision is drawn as often as its probability says", "[sampling]") {
  constexpr int kSmall = 60, kSeeds = 1500;
  const auto log = FilledLog(kSmall);
  std::map<std::string, int> drawn_times;
  std::map<std::string, double> probability;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const auto drawn = SampleLog(*log, {.sample = 40, .seed = seed, .end_seq = kSmall});
    REQUIRE(drawn.ok());
    for (const NightlySample& sample : drawn->samples) {
      ++drawn_times[sample.id];
      probability[sample.id] = sample.probability;
    }
  }
  REQUIRE(drawn_times.size() == kSmall);
  for (const auto& [id, times] : drawn_times) {
    const double p = probability[id];
    CHECK(std::abs(times - kSeeds * p) <= 5 * std::sqrt(kSeeds * p * (1 - p)) + 1e-9);
  }
}

TEST_CASE("a draw is the same for the same seed, and leaves out what is not in the window", "[sampling]") {
  const auto log = FilledLog(500);
  const SampleOptions options{.sample = 50, .seed = 9, .after_seq = 100, .end_seq = 400};
  const auto first = SampleLog(*log, options), second = SampleLog(*log, options);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(first->population == 300);
  REQUIRE(first->samples.size() == second->samples.size());
  for (size_t i = 0; i < first->samples.size(); ++i) CHECK(first->samples[i].id == second->samples[i].id);
  const auto all = SampleLog(*log, {.sample = 1000, .seed = 9, .after_seq = 100, .end_seq = 400});
  REQUIRE(all.ok());
  CHECK(all->samples.size() == 300);
  for (const NightlySample& sample : all->samples) CHECK(sample.probability == 1);
}

TEST_CASE("more strata than the sample can fill are joined", "[sampling]") {
  const auto log = FilledLog(500);
  for (const int64_t n : {1, 3, 8, 20}) {
    const auto drawn = SampleLog(*log, {.sample = n, .seed = 9, .end_seq = 500});
    REQUIRE(drawn.ok());
    CHECK(std::ssize(drawn->samples) == n);
    double all = 0;
    for (const NightlySample& sample : drawn->samples) all += sample.Weight();
    CHECK(all == Approx(500));
  }
}

TEST_CASE("without stored prompts the error says both ways out; some without are left out", "[sampling]") {
  const auto none = SampleLog(*FilledLog(0, 20), {.sample = 5, .end_seq = 20});
  CHECK(none.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(none.status().message().find("log.prompts") != absl::string_view::npos);
  CHECK(none.status().message().find("--prompts") != absl::string_view::npos);
  const auto some = SampleLog(*FilledLog(10, 20), {.sample = 5, .end_seq = 30});
  REQUIRE(some.ok());
  CHECK(some->population == 10);
  CHECK(some->without_prompt == 20);
  CHECK(SampleLog(*NewMemoryLog(1), {.sample = 5, .end_seq = 0}).status().code() ==
        absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("a file of prompts: equal probabilities, sketches with the log's salt, and errors with their line",
          "[sampling]") {
  const TempFolder folder;
  const std::string path = folder.Path("prompts.jsonl");
  {
    std::ofstream out(path);
    for (int i = 0; i < 40; ++i) {
      out << fmt::format("{{\"id\": \"p{}\", \"prompt\": \"what is {}\", \"reference\": \"{}\", \"other\": 1}}\n", i, i,
                         i);
    }
    out << "\n{\"prompt\": \"no id\"}\n";
  }
  const auto drawn = SamplePromptFile(path, {}, 77, {.sample = 10, .seed = 2});
  REQUIRE(drawn.ok());
  CHECK(drawn->population == 41);
  CHECK(drawn->samples.size() == 10);
  for (const NightlySample& sample : drawn->samples) {
    CHECK(sample.probability == Approx(10.0 / 41));
    Sketch sketch;
    SketchText(sample.prompt, 77, sketch);
    CHECK(sample.sketch == sketch.Encode());
  }
  const auto all = SamplePromptFile(path, {}, 77, {.sample = 100, .seed = 2});
  REQUIRE(all.ok());
  CHECK(all->samples.back().id == "line-42");

  const auto error_of = [&](const std::string& line) {
    std::ofstream(path) << "{\"prompt\": \"good\"}\n" << line << "\n";
    return std::string(SamplePromptFile(path, {}, 1, {.sample = 10}).status().message());
  };
  CHECK(error_of("{\"prompt\": 3}").find("prompts.jsonl:2: prompt: expected a string") != std::string::npos);
  CHECK(error_of("nonsense").find("prompts.jsonl:2: ") != std::string::npos);
  CHECK(error_of("{\"id\": \"x\"}").find("prompt") != std::string::npos);
  CHECK(error_of("{\"id\": \"line-1\", \"prompt\": \"again\"}").find("stands twice") != std::string::npos);
  CHECK(SamplePromptFile(folder.Path("none"), {}, 1, {.sample = 1}).status().code() == absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace suffice
