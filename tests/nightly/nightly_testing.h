// Helpers for the tests of the nightly job: logs with prompts, and providers and judges that never leave the process.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "log/event_log.h"
#include "nightly/work_file.h"
#include "provider/chat_client.h"
#include "provider/judge.h"
#include "suffice/config.h"
#include "temp_folder.h"

namespace suffice {

// Two tiers, "cheap" and "strong", and a judge called "words".
Config NightlyTestConfig();

// The n-th decision, of one of two tiers and three tenants, with a certainty that varies.
DecisionRecord NightlyDecision(uint32_t n, bool with_prompt = true);

// A run of a work file with `samples` samples, prompts "prompt 1", "prompt 2", ...
NightlyRun MakeTestRun(WorkFile& file, int samples);

// Answers at once, as told. Bills a key once.
class FakeChatClient final : public ChatClient {
 public:
  using Answer = std::function<ChatAnswer(const ChatCall&)>;
  explicit FakeChatClient(Answer answer) : answer_(std::move(answer)) {}

  absl::StatusOr<int64_t> Run(std::span<const ChatCall> calls, Spending& spending, const Done& done) override;

  int64_t calls = 0;
  int64_t stop_after = -1;  // Run ends with an error after so many calls, as if the process had died; -1: never
  std::set<std::string> keys;

 private:
  Answer answer_;
};

// Scores at once, as told.
class FakeJudge final : public Judge {
 public:
  using Say = std::function<JudgeVerdict(const JudgeTask&)>;
  FakeJudge(JudgeConfig config, Say say, bool needs_reference = false)
      : config_(std::move(config)), say_(std::move(say)), needs_reference_(needs_reference) {}

  const JudgeConfig& config() const override { return config_; }
  bool NeedsReference() const override { return needs_reference_; }
  absl::StatusOr<int64_t> Run(std::span<const JudgeTask> tasks, ChatClient::Spending& spending,
                              const Done& done) override;

  std::vector<JudgeTask> tasks;

 private:
  JudgeConfig config_;
  Say say_;
  bool needs_reference_;
};

// All of a run's rows.
std::vector<NightlyAnswer> AnswersOf(WorkFile& file, int64_t run);
std::vector<NightlyScore> ScoresOf(WorkFile& file, int64_t run);

}  // namespace suffice
