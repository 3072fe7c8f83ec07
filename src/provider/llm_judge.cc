// A model scores, blind to which model it judges: an answer by itself, or against another one in both orders.
#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "provider/chat_request.h"
#include "provider/judge_prompt.h"
#include "provider/judge_verdict.h"
#include "provider/judges.h"

namespace suffice {
namespace {

// What the judge is asked about a task: one question, or two with the answers in either order.
struct Question {
  size_t task = 0;
  bool swapped = false;
  ChatCall call;
};

struct Reading {
  std::optional<double> worth;  // of the task's answer, in [0, 1]
  std::string error;            // why there is none
  bool ask_again = false;       // the model replied, but not with a verdict
};

Reading Read(const ChatAnswer& answer, bool pairwise, bool swapped) {
  if (answer.status == CallStatus::kRefused) return {.error = "the judge refused: " + answer.error};
  if (answer.status != CallStatus::kOk) return {.error = answer.error};
  if (answer.wrong_model) return {.error = fmt::format("another model judged: \"{}\"", answer.served_model)};
  const absl::StatusOr<double> worth = pairwise ? ReadWinner(answer.text) : ReadScore(answer.text);
  if (!worth.ok()) return {.error = std::string(worth.status().message()), .ask_again = true};
  return {.worth = swapped ? 1 - *worth : *worth};
}

class LlmJudgeRun {
 public:
  LlmJudgeRun(const JudgeConfig& config, ChatClient& client, std::span<const JudgeTask> tasks,
              ChatClient::Spending& spending, const Judge::Done& done)
      : config_(config), client_(client), tasks_(tasks), spending_(spending), done_(done), progress_(tasks.size()) {}

  absl::StatusOr<int64_t> Run() {
    std::vector<Question> questions;
    for (size_t i = 0; i < tasks_.size() && !stopped_; ++i) AddQuestions(i, questions);
    SUFFICE_RETURN_IF_ERROR(Ask(questions));
    SUFFICE_RETURN_IF_ERROR(AskAgainTogether());
    if (stopped_) return 0;
    return std::count_if(progress_.begin(), progress_.end(), [](const Progress& p) { return p.unanswered > 0; });
  }

 private:
  struct Progress {
    int asked = 0;       // questions
    int unanswered = 0;  // of them
    int to_ask_again = 0;
    int scores = 0;
    double sum = 0;  // of the scores
    double cost_usd = 0;
    std::string error;  // the first one
  };

  bool pairwise() const { return !config_.pairwise_against.empty(); }
  void AddQuestions(size_t task, std::vector<Question>& questions);
  Question MakeQuestion(size_t task, bool swapped) const;
  ChatCall MakeCall(std::string key, std::vector<Message> messages) const;
  absl::Status Ask(const std::vector<Question>& questions);
  absl::Status AskAgainTogether();
  void Take(const Question& question, const ChatAnswer& answer);
  void PlanToAskAgain(const Question& question, const std::string& reply, const std::string& error);
  // Reports the task if it waits for nothing more.
  void MaybeReport(size_t task);
  void Report(size_t task, const JudgeVerdict& verdict) { stopped_ = !done_(task, verdict) || stopped_; }

  const JudgeConfig& config_;
  ChatClient& client_;
  const std::span<const JudgeTask> tasks_;
  ChatClient::Spending& spending_;
  const Judge::Done& done_;
  std::vector<Progress> progress_;  // of each task
  std::vector<Question> again_;
  bool second_time_ = false;
  bool stopped_ = false;
};

void LlmJudgeRun::AddQuestions(size_t task, std::vector<Question>& questions) {
  const JudgeTask& asked = tasks_[task];
  if (pairwise() && asked.other_answer.empty()) return Report(task, NoScore("there is no answer to compare with"));
  if (pairwise() && asked.answer == asked.other_answer) return Report(task, {.score = 0.5});
  questions.push_back(MakeQuestion(task, false));
  if (pairwise()) questions.push_back(MakeQuestion(task, true));
  progress_[task].asked = progress_[task].unanswered = pairwise() ? 2 : 1;
}

Question LlmJudgeRun::MakeQuestion(size_t task, bool swapped) const {
  const JudgeTask& asked = tasks_[task];
  return {.task = task,
          .swapped = swapped,
          .call = MakeCall(asked.key + (swapped ? "-swapped" : ""),
                           pairwise() ? PairwisePrompt(config_, asked, swapped) : ScorePrompt(config_, asked))};
}

ChatCall LlmJudgeRun::MakeCall(std::string key, std::vector<Message> messages) const {
  ChatCall call;
  call.key = std::move(key);
  call.provider = config_.provider;
  call.model = config_.model;
  call.messages = std::move(messages);
  call.max_output_tokens = config_.max_output_tokens;
  call.price = config_.price;
  call.worst_cost_usd = WorstCostUsd(call);
  return call;
}

absl::Status LlmJudgeRun::Ask(const std::vector<Question>& questions) {
  if (stopped_ || questions.empty()) return absl::OkStatus();
  std::vector<ChatCall> calls;
  for (const Question& question : questions) calls.push_back(question.call);
  const auto take = [&](size_t i, const ChatAnswer& answer) {
    Take(questions[i], answer);
    return !stopped_;
  };
  return client_.Run(calls, spending_, take).status();
}

absl::Status LlmJudgeRun::AskAgainTogether() {
  second_time_ = true;
  // Where the budget did not cover the other order, a second try buys nothing.
  std::erase_if(again_, [&](const Question& question) { return progress_[question.task].unanswered > 0; });
  SUFFICE_RETURN_IF_ERROR(Ask(again_));
  for (const Question& question : again_) {
    Progress& progress = progress_[question.task];
    if (stopped_ || progress.to_ask_again == 0) continue;
    progress.to_ask_again = 0;
    progress.error = "no verdict, and the budget did not cover asking again";
    MaybeReport(question.task);
  }
  return absl::OkStatus();
}

void LlmJudgeRun::Take(const Question& question, const ChatAnswer& answer) {
  Progress& progress = progress_[question.task];
  progress.cost_usd += answer.cost_usd;
  --(second_time_ ? progress.to_ask_again : progress.unanswered);
  const Reading reading = Read(answer, pairwise(), question.swapped);
  if (reading.worth) {
    progress.sum += *reading.worth;
    ++progress.scores;
  } else if (reading.ask_again && !second_time_) {
    PlanToAskAgain(question, answer.text, reading.error);
  } else if (progress.error.empty()) {
    progress.error = reading.ask_again ? "no verdict in two replies: " + reading.error : reading.error;
  }
  MaybeReport(question.task);
}

void LlmJudgeRun::PlanToAskAgain(const Question& question, const std::string& reply, const std::string& error) {
  ++progress_[question.task].to_ask_again;
  again_.push_back({.task = question.task,
                    .swapped = question.swapped,
                    .call = MakeCall(question.call.key + "-again", AskAgain(question.call.messages, reply, error))});
}

void LlmJudgeRun::MaybeReport(size_t task) {
  const Progress& progress = progress_[task];
  if (progress.unanswered > 0 || progress.to_ask_again > 0) return;
  if (progress.scores < progress.asked) return Report(task, NoScore(progress.error, progress.cost_usd));
  Report(task, {.score = progress.sum / progress.asked, .cost_usd = progress.cost_usd});
}

class LlmJudge final : public Judge {
 public:
  LlmJudge(const JudgeConfig& config, ChatClient* client) : config_(config), client_(client) {}
  const JudgeConfig& config() const override { return config_; }
  bool NeedsReference() const override { return false; }

  absl::StatusOr<int64_t> Run(std::span<const JudgeTask> tasks, ChatClient::Spending& spending,
                              const Done& done) override {
    return LlmJudgeRun(config_, *client_, tasks, spending, done).Run();
  }

 private:
  const JudgeConfig config_;
  ChatClient* const client_;
};

}  // namespace

std::unique_ptr<Judge> MakeLlmJudge(const JudgeConfig& config, ChatClient* client) {
  return std::make_unique<LlmJudge>(config, client);
}

}  // namespace suffice
