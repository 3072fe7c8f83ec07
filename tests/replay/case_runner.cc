#include "replay/case_runner.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "base/ids.h"
#include "base/money.h"
#include "base/status_macros.h"
#include "engine/decide.h"
#include "engine/gate.h"
#include "engine/session_book.h"
#include "engine/warmth.h"
#include "learner/learner.h"
#include "learner/settlement.h"
#include "log/event_log.h"
#include "replay/case_check.h"

namespace suffice {
namespace {

constexpr uint64_t kSeed = 1, kSalt = 0x5a17;

class Run {
 public:
  Run(const ReplayCase& replay_case, std::shared_ptr<const Config> config)
      : config_(std::move(config)),
        now_us_(replay_case.start_us),
        sessions_(config_->sessions.capacity),
        learner_(log_.get(), config_, MakeCountedFeatures(config_->features)),
        gate_(config_) {}

  absl::Status Start();
  absl::Status Step(const ReplayStep& step, const Problems& problem);

 private:
  absl::Status Call(const LoggedCall& call);
  absl::Status Answer(const LoggedCall& call, const DecisionRecord& row);
  absl::Status Reload(const std::vector<std::string>& overrides);
  void Ask(const ReplayStep& step, const Problems& problem);
  absl::StatusOr<DecisionRecord> Route(const Snapshot& snapshot, const RouteRequest& request);
  absl::Status Keep(const DecisionRecord& row);
  absl::Status Refresh();

  std::shared_ptr<const Config> config_;
  int64_t now_us_;
  int64_t feedbacks_ = 0;
  DecisionIdGenerator ids_{kSeed};
  const std::unique_ptr<EventLog> log_ = NewMemoryLog(kSalt);
  PriceBook prices_{log_.get()};
  SessionBook sessions_;
  Warmth warmth_;
  Learner learner_;
  Gate gate_;
  SnapshotPtr snapshot_;
};

absl::Status Run::Start() {
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(config_->Hash(), ConfigToYaml(*config_)));
  return Refresh();
}

absl::Status Run::Refresh() {
  SUFFICE_RETURN_IF_ERROR(learner_.CatchUpFully());
  snapshot_ = learner_.NextSnapshot(gate_.PacedBudgets(now_us_));
  return absl::OkStatus();
}

absl::StatusOr<DecisionRecord> Run::Route(const Snapshot& snapshot, const RouteRequest& request) {
  DecideContext context{.id = ids_.Next(now_us_), .time_us = now_us_, .seed = kSeed, .salt = kSalt};
  context.cold = warmth_.ColdAt(*config_, now_us_);
  if (!request.session.empty()) {
    context.session_tier = sessions_.Find(request.tenant, request.session, now_us_, config_->sessions.idle_s);
  }
  SUFFICE_ASSIGN_OR_RETURN(Consideration consideration, Consider(snapshot, request, context));
  SUFFICE_RETURN_IF_ERROR(gate_.Choose(snapshot, request, consideration));
  return std::move(consideration.row);
}

absl::Status Run::Keep(const DecisionRecord& row) {
  warmth_.Use(row.tier, row.time_us);
  if (!row.session.empty()) sessions_.Use(row.tenant, row.session, row.tier, row.time_us);
  SUFFICE_RETURN_IF_ERROR(log_->AppendDecision(row));
  SUFFICE_ASSIGN_OR_RETURN(const int64_t seq, log_->LastDecisionSeq());
  gate_.Committed(row.id, seq);
  return absl::OkStatus();
}

absl::Status Run::Answer(const LoggedCall& call, const DecisionRecord& row) {
  absl::Status status;
  const auto done = [&status](const absl::StatusOr<Receipt>& receipt) { status.Update(receipt.status()); };
  if (call.answered) {
    OutcomeRecord record{.time_us = now_us_, .outcome = call.outcome};
    record.outcome.decision_id = row.id;
    record.outcome.tenant = row.tenant;
    const Settlement settlement = Settle(FactsOf(row), record.outcome, prices_);
    record.cost_nanos = call.outcome.cost_usd ? Money::FromUsd(*call.outcome.cost_usd).nanos : settlement.cost_nanos;
    record.wrong_model = settlement.wrong_model;
    log_->AppendOutcome(std::move(record), [&](const absl::StatusOr<Receipt>& receipt) {
      done(receipt);
      if (receipt.ok()) gate_.Settle(row.id, receipt->cost_nanos, receipt->seq);
    });
  }
  if (!call.reward) return status;
  FeedbackRecord feedback{.time_us = now_us_};
  feedback.feedback = {.feedback_id = fmt::format("f{}", ++feedbacks_),
                       .decision_id = row.id,
                       .tenant = row.tenant,
                       .reward = *call.reward,
                       .source = FeedbackSource::kJudge};
  log_->AppendFeedback(std::move(feedback), done);
  return status;
}

// A call on a stated tier is made as in mode apprentice: the caller chooses, everything counts.
absl::Status Run::Call(const LoggedCall& call) {
  Snapshot snapshot = *snapshot_;
  if (!call.request.caller_tier.empty()) {
    auto config = std::make_shared<Config>(*config_);
    config->mode = Mode::kApprentice;
    config->on_infeasible = OnInfeasible::kCheapest;
    snapshot.config = std::move(config);
  }
  for (int64_t i = 0; i < call.times; ++i) {
    SUFFICE_ASSIGN_OR_RETURN(DecisionRecord row, Route(snapshot, call.request));
    row.audit = call.audit;
    SUFFICE_RETURN_IF_ERROR(Keep(row));
    SUFFICE_RETURN_IF_ERROR(Answer(call, row));
    now_us_ += static_cast<int64_t>(call.every_s * 1e6);
  }
  return Refresh();
}

absl::Status Run::Reload(const std::vector<std::string>& overrides) {
  SUFFICE_ASSIGN_OR_RETURN(Config config, ParseConfig(ConfigToYaml(*config_), "policy", overrides));
  config_ = std::make_shared<const Config>(std::move(config));
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(config_->Hash(), ConfigToYaml(*config_)));
  learner_.ReplaceConfig(config_);
  SUFFICE_RETURN_IF_ERROR(gate_.Reload(config_, *log_, now_us_));
  return Refresh();
}

void Run::Ask(const ReplayStep& step, const Problems& problem) {
  if (const absl::Status status = Refresh(); !status.ok()) return problem(status.ToString());
  const absl::StatusOr<DecisionRecord> row = Route(*snapshot_, step.ask);
  CheckAnswer(step.expect, row, *snapshot_, gate_.Status(now_us_), problem);
  if (!row.ok() || step.ask.dry_run) return;
  if (const absl::Status status = Keep(*row); !status.ok()) problem(status.ToString());
}

absl::Status Run::Step(const ReplayStep& step, const Problems& problem) {
  switch (step.kind) {
    case ReplayStep::Kind::kLog:
      return Call(step.log);
    case ReplayStep::Kind::kWait:
      now_us_ += static_cast<int64_t>(step.wait_s * 1e6);
      return absl::OkStatus();
    case ReplayStep::Kind::kReload:
      return Reload(step.reload);
    case ReplayStep::Kind::kAsk:
      Ask(step, problem);
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> RunReplayCase(const ReplayCase& replay_case, const std::string& file) {
  std::vector<std::string> problems;
  int line = replay_case.line;
  const Problems problem = [&](const std::string& what) {
    problems.push_back(fmt::format("{}:{}: {}", file, line, what));
  };
  const absl::StatusOr<Config> config = ParseConfig(replay_case.policy, "policy", replay_case.set);
  if (!config.ok()) {
    problem(std::string(config.status().message()));
    return problems;
  }
  Run run(replay_case, std::make_shared<const Config>(*config));
  absl::Status status = run.Start();
  for (const ReplayStep& step : replay_case.steps) {
    if (!status.ok()) break;
    line = step.line;
    status = run.Step(step, problem);
  }
  if (!status.ok()) problem(status.ToString());
  return problems;
}

}  // namespace suffice
