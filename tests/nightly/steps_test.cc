// Answers and scores: nothing is asked twice, whatever happened in between.
#include <fmt/format.h>

#include "catch.h"
#include "nightly/judging.h"
#include "nightly/nightly_testing.h"
#include "nightly/tier_answers.h"

namespace suffice {
namespace {

ChatAnswer Fine(const ChatCall& call) {
  return {.text = fmt::format("{} says {}", call.model, call.messages.front().content),
          .input_tokens = 3,
          .output_tokens = 5,
          .cost_usd = 0.001,
          .latency_ms = 12};
}

std::unique_ptr<WorkFile> OpenOrFail(const std::string& path) {
  auto file = WorkFile::Open(path);
  INFO(file.status());
  REQUIRE(file.ok());
  return *std::move(file);
}

TEST_CASE("a work file is one process's, keeps what was committed, and refuses strangers", "[work_file]") {
  const TempFolder folder;
  {
    const auto file = OpenOrFail(folder.Path("w"));
    CHECK(WorkFile::Open(folder.Path("w")).status().code() == absl::StatusCode::kFailedPrecondition);
    const NightlyRun run = MakeTestRun(*file, 2);
    CHECK(run.number == 1);
    CHECK(run.done == NightlyStep::kSample);
    REQUIRE(file->SaveResult(1, {.fit = std::string("\0x", 2), .feature_version = ~0ull, .verdict = "{}", .release = 3})
                .ok());
  }
  const auto file = OpenOrFail(folder.Path("w"));
  const auto run = file->NewestRun();
  REQUIRE(run.ok());
  REQUIRE(run->has_value());
  CHECK((*run)->seed == 5);
  CHECK(*file->CountSamples(1) == 2);
  const auto result = file->LoadResult(1);
  REQUIRE(result.ok());
  CHECK(result->fit == std::string("\0x", 2));
  CHECK(result->feature_version == ~0ull);
  CHECK(result->release == 3);
  CHECK(file->LoadResult(2)->fit.empty());
  auto other = Database::Open(folder.Path("other"), Database::Access::kReadWriteCreate);
  REQUIRE(other.ok());
  REQUIRE(other->Execute("CREATE TABLE x (y)").ok());
  CHECK(WorkFile::Open(folder.Path("other")).status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("tier answers: stopped anywhere and started again, every pair is asked once", "[run_tiers]") {
  const Config config = NightlyTestConfig();
  for (const int64_t stop : {0, 1, 7, 19}) {
    const TempFolder folder;
    const auto file = OpenOrFail(folder.Path("w"));
    const NightlyRun run = MakeTestRun(*file, 10);
    FakeChatClient client(Fine);
    client.stop_after = stop;
    CHECK(RunTiers(*file, run, config, client, {}).status().code() == absl::StatusCode::kAborted);
    CHECK(std::ssize(AnswersOf(*file, run.number)) == stop);
    client.stop_after = -1;
    const auto step = RunTiers(*file, run, config, client, {});
    REQUIRE(step.ok());
    CHECK(step->kept == stop);
    CHECK(step->asked == 20 - stop);
    CHECK(step->spent_usd == Approx(0.02));
    CHECK(client.calls == 20);
    const std::vector<NightlyAnswer> answers = AnswersOf(*file, run.number);
    REQUIRE(answers.size() == 20);
    CHECK(answers[0].answer.text == "m-cheap says prompt 1");
    CHECK(RunTiers(*file, run, config, client, {})->asked == 0);
  }
}

TEST_CASE("a key names a call: the same again for the same, another for anything else", "[run_tiers]") {
  const NightlyRun run{.number = 1, .seed = 5};
  const std::string key = CallKey(run, "answer", 1, "cheap", "hello");
  CHECK(key == CallKey(run, "answer", 1, "cheap", "hello"));
  std::set<std::string> keys{key,
                             CallKey(run, "score", 1, "cheap", "hello"),
                             CallKey(run, "answer", 2, "cheap", "hello"),
                             CallKey(run, "answer", 1, "strong", "hello"),
                             CallKey(run, "answer", 1, "cheap", "hello "),
                             CallKey({.number = 2, .seed = 5}, "answer", 1, "cheap", "hello"),
                             CallKey({.number = 1, .seed = 6}, "answer", 1, "cheap", "hello")};
  CHECK(keys.size() == 7);
}

TEST_CASE("a broken budget stops with a word, and goes on with a larger one", "[run_tiers]") {
  const TempFolder folder;
  Config config = NightlyTestConfig();
  const auto file = OpenOrFail(folder.Path("w"));
  const NightlyRun run = MakeTestRun(*file, 10);
  const double worst = WorstCallUsd(config.tiers[1].price, std::string("prompt 1").size(), 100);
  CHECK(worst == Approx(1e-6 * (10 * 72 + 20 * 100)));
  config.nightly.run_budget_usd = worst + 0.0055;
  FakeChatClient client(Fine);
  const auto broken = RunTiers(*file, run, config, client, {});
  CHECK(broken.status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(broken.status().message().find("nightly.run_budget_usd") != absl::string_view::npos);
  CHECK(*file->SpentOnAnswers(run.number) <= config.nightly.run_budget_usd);
  CHECK(client.calls > 0);
  config.nightly.run_budget_usd = 1;
  REQUIRE(RunTiers(*file, run, config, client, {}).ok());
  CHECK(client.calls == 20);
}

TEST_CASE("errors and refusals are kept; a provider that was away is asked again", "[run_tiers]") {
  const TempFolder folder;
  const Config config = NightlyTestConfig();
  const auto file = OpenOrFail(folder.Path("w"));
  const NightlyRun run = MakeTestRun(*file, 10);
  const auto one_bad = [](const ChatCall& call) -> ChatAnswer {
    if (call.messages.front().content == "prompt 3") return {.status = CallStatus::kError, .error = "500"};
    if (call.messages.front().content == "prompt 4")
      return {.status = CallStatus::kRefused, .error = "no", .cost_usd = 0.001};
    return Fine(call);
  };
  FakeChatClient client(one_bad);
  const auto step = RunTiers(*file, run, config, client, {});
  REQUIRE(step.ok());
  CHECK(step->failed == 2);
  CHECK(RunTiers(*file, run, config, client, {})->asked == 0);
  client.keys.clear();  // the same call again has the same key: nothing was billed
  CHECK(RunTiers(*file, run, config, client, {.retry_failed = true})->asked == 2);

  const NightlyRun away = MakeTestRun(*file, 10);
  FakeChatClient dead([](const ChatCall& call) -> ChatAnswer {
    if (call.model == "m-strong") return {.status = CallStatus::kTimeout, .error = "no answer"};
    return Fine(call);
  });
  const auto stopped = RunTiers(*file, away, config, dead, {});
  CHECK(stopped.status().code() == absl::StatusCode::kUnavailable);
  CHECK(stopped.status().message().find("strong") != absl::string_view::npos);
  FakeChatClient alive(Fine);
  CHECK(RunTiers(*file, away, config, alive, {})->asked == 10);
}

struct Judged {
  TempFolder folder;
  Config config = NightlyTestConfig();
  std::unique_ptr<WorkFile> file = OpenOrFail(folder.Path("w"));
  NightlyRun run = MakeTestRun(*file, 6);

  Judged() {
    FakeChatClient client([](const ChatCall& call) -> ChatAnswer {
      if (call.model == "m-cheap" && call.messages.front().content == "prompt 2")
        return {.status = CallStatus::kRefused};
      return Fine(call);
    });
    REQUIRE(RunTiers(*file, run, config, client, {}).ok());
  }
};

TEST_CASE("every ok answer gets a score of each judge once; a new version asks again", "[judge]") {
  Judged judged;
  const auto say = [](const JudgeTask& task) -> JudgeVerdict {
    return {.score = task.answer.starts_with("m-strong") ? 0.9 : 0.4, .cost_usd = 0.001};
  };
  std::vector<std::unique_ptr<Judge>> judges;
  judges.push_back(std::make_unique<FakeJudge>(judged.config.judges[0], say));
  const auto step = JudgeAnswers(*judged.file, judged.run, judged.config, judges, {});
  REQUIRE(step.ok());
  CHECK(step->asked == 11);
  CHECK(step->spent_usd == Approx(0.011));
  CHECK(JudgeAnswers(*judged.file, judged.run, judged.config, judges, {})->asked == 0);
  for (const JudgeTask& task : static_cast<FakeJudge&>(*judges[0]).tasks) CHECK(task.key.starts_with("suffice-"));

  judged.config.judges[0].version = std::string("2");  // g++ 12 warns wrongly of an assigned literal
  std::vector<std::unique_ptr<Judge>> newer;
  newer.push_back(
      std::make_unique<FakeJudge>(judged.config.judges[0], [](const JudgeTask&) -> JudgeVerdict { return {.score = 0.1}; }));
  CHECK(JudgeAnswers(*judged.file, judged.run, judged.config, newer, {})->asked == 11);
  const auto means = ReadMeanScores(*judged.file, judged.run.number, judged.config.judges);
  REQUIRE(means.ok());
  CHECK(means->at({1, "strong"}) == Approx(0.1));
  CHECK_FALSE(means->contains({2, "cheap"}));
}

TEST_CASE("judges are averaged by weight over those that said something", "[judge]") {
  Judged judged;
  judged.config.judges.push_back({.name = "second", .weight = 3});
  std::vector<std::unique_ptr<Judge>> judges;
  judges.push_back(
      std::make_unique<FakeJudge>(judged.config.judges[0], [](const JudgeTask&) -> JudgeVerdict { return {.score = 1.0}; }));
  judges.push_back(std::make_unique<FakeJudge>(judged.config.judges[1], [](const JudgeTask& task) -> JudgeVerdict {
    if (task.prompt == "prompt 1") return {.error = "unreadable"};
    return {.score = 0.0};
  }));
  REQUIRE(JudgeAnswers(*judged.file, judged.run, judged.config, judges, {}).ok());
  const auto means = ReadMeanScores(*judged.file, judged.run.number, judged.config.judges);
  CHECK(means->at({1, "cheap"}) == Approx(1));
  CHECK(means->at({3, "cheap"}) == Approx(0.25));
  CHECK(JudgeAnswers(*judged.file, judged.run, judged.config, judges, {})->asked == 0);
  CHECK(JudgeAnswers(*judged.file, judged.run, judged.config, judges, {.retry_failed = true})->asked == 2);
}

TEST_CASE("a judge that lacks a reference is not asked; in comparison a tier is even with itself", "[judge]") {
  Judged judged;
  judged.config.judges[0].pairwise_against = "cheap";
  std::vector<std::unique_ptr<Judge>> judges;
  judges.push_back(std::make_unique<FakeJudge>(
      judged.config.judges[0],
      [](const JudgeTask& task) -> JudgeVerdict {
        CHECK(task.other_answer.starts_with("m-cheap"));
        return {.score = 0.8};
      },
      /*needs_reference=*/true));
  judged.config.judges.push_back({.name = "exact", .kind = JudgeKind::kExactMatch});
  judges.push_back(std::make_unique<FakeJudge>(
      judged.config.judges[1], [](const JudgeTask&) -> JudgeVerdict { return {.score = 0.0}; }, /*needs_reference=*/true));
  REQUIRE(JudgeAnswers(*judged.file, judged.run, judged.config, judges, {}).ok());
  CHECK(static_cast<FakeJudge&>(*judges[0]).tasks.size() == 5);  // of "prompt 2" there is nothing to compare with
  CHECK(static_cast<FakeJudge&>(*judges[1]).tasks.empty());
  const auto means = ReadMeanScores(*judged.file, judged.run.number, judged.config.judges);
  CHECK(means->at({1, "cheap"}) == Approx(0.5));
  CHECK(means->at({1, "strong"}) == Approx(0.8));
}

TEST_CASE("a judge that says nothing stops the job, and is asked again later", "[judge]") {
  Judged judged;
  std::vector<std::unique_ptr<Judge>> judges;
  CHECK(JudgeAnswers(*judged.file, judged.run, judged.config, judges, {}).status().code() ==
        absl::StatusCode::kFailedPrecondition);
  judges.push_back(std::make_unique<FakeJudge>(judged.config.judges[0],
                                               [](const JudgeTask&) -> JudgeVerdict { return {.error = "503"}; }));
  CHECK(JudgeAnswers(*judged.file, judged.run, judged.config, judges, {}).status().code() ==
        absl::StatusCode::kUnavailable);
  judges[0] =
      std::make_unique<FakeJudge>(judged.config.judges[0], [](const JudgeTask&) -> JudgeVerdict { return {.score = 0.5}; });
  CHECK(JudgeAnswers(*judged.file, judged.run, judged.config, judges, {})->asked == 11);
}

}  // namespace
}  // namespace suffice
