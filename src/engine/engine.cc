#include "suffice/engine.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>
#include <utility>

#include "absl/synchronization/notification.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/money.h"
#include "base/monotonic.h"
#include "base/status_macros.h"
#include "engine/answer_cache.h"
#include "engine/decide.h"
#include "engine/decision_tally.h"
#include "engine/engine_seams.h"
#include "engine/explain.h"
#include "engine/gate.h"
#include "engine/learner_loop.h"
#include "engine/ramp.h"
#include "engine/record_checks.h"
#include "engine/session_book.h"
#include "engine/steady_clock.h"
#include "engine/tenant_tally.h"
#include "engine/warmth.h"
#include "features/feature_file.h"
#include "learner/learner.h"
#include "learner/release.h"
#include "learner/settlement.h"
#include "log/event_log.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr int64_t kRowsRemembered = 16384;  // newest decisions that tell, at a start, of conversations and cold tiers
constexpr int64_t kIdResolutionUs = 1000;  // ids of a new engine sort behind the last one's by their milliseconds

// What Route answers while the log cannot be written, when it is to refuse then.
absl::Status CheckLogIsWritten(const EventLog& log) {
  constexpr int64_t kRetryMicros = 1'000'000;  // the log's writer tries again at least this often
  const std::string why = log.counters().error;
  if (why.empty()) return absl::OkStatus();
  const absl::Status error = absl::UnavailableError(fmt::format("{}; on_log_failure is refuse", why));
  return WithRetryAfter(WithReason(error, "LOG_UNAVAILABLE"), kRetryMicros);
}

// The key whose change needs a restart; nothing when a running engine can take `next`.
std::optional<std::string> FixedKeyThatChanged(const Config& now, const Config& next) {
  if (!(now.features == next.features)) return "features";
  if (!(now.log == next.log)) return "log";
  if (now.serve.idempotency_window != next.serve.idempotency_window) return "serve.idempotency_window";
  if (now.serve.publish_interval_s != next.serve.publish_interval_s) return "serve.publish_interval_s";
  return std::nullopt;
}

// A new store takes over the salt of the configured projection, so that the two fit.
absl::StatusOr<uint64_t> SaltForNewStore(const Config& config) {
  if (config.features.file.empty()) return 0;
  SUFFICE_ASSIGN_OR_RETURN(const FeatureSetPtr features, LoadFeatureFile(config.features.file, config.features));
  return SaltOf(*features).value_or(0);
}

// Says that another model answered, seldom, with how many there were. Used by the log's writer alone.
class WrongModelWarning {
 public:
  void Give(const std::string& tier, const Outcome& outcome) {
    ++unsaid_;
    if (!told_.IsDue()) return;
    spdlog::warn("outcome of decision {}: model \"{}\" answered for tier {}, which asks for another ({} such outcomes "
                 "since the last warning)",
                 outcome.decision_id.ToString(), outcome.served_model,
                 outcome.served_tier.empty() ? tier : outcome.served_tier, unsaid_);
    unsaid_ = 0;
  }

 private:
  Seldom told_;
  int64_t unsaid_ = 0;
};

template <typename Record>
absl::StatusOr<Receipt> WaitForReceipt(Engine& engine, const Record& record,
                                       void (Engine::*method)(const Record&, Engine::RecordDone)) {
  std::promise<absl::StatusOr<Receipt>> promise;
  auto future = promise.get_future();
  (engine.*method)(record, [&promise](absl::StatusOr<Receipt> receipt) { promise.set_value(std::move(receipt)); });
  return future.get();
}

// What the engine itself knows of each tier, in the order of the configuration.
void ReportTiers(const Snapshot& snapshot, const Warmth& warmth, int64_t now_us, EngineStatus& status) {
  const Config& config = *snapshot.config;
  const std::vector<bool> cold = warmth.ColdAt(config, now_us);
  status.tiers.resize(config.tiers.size());
  for (size_t i = 0; i < config.tiers.size(); ++i) {
    status.tiers[i].tier = config.tiers[i].name;
    status.tiers[i].observations = snapshot.models[i].quality().n;
    status.tiers[i].cost_ratio = snapshot.drift[i].cost_ratio;
    status.tiers[i].drift_alarms = snapshot.drift[i].alarms;
    status.tiers[i].last_alarm_us = snapshot.drift[i].last_alarm_us;
    status.tiers[i].cold = i < cold.size() && cold[i];
    status.tiers[i].price_version = config.tiers[i].PriceVersionAt(now_us);
  }
}

}  // namespace

class Engine::Impl {
 public:
  Impl(std::unique_ptr<EventLog> log, const Config& config, const Clock* clock, uint64_t seed)
      : steady_(clock),
        clock_(&steady_),
        log_(std::move(log)),
        ids_(seed),
        seed_(Hash64("draws", seed)),
        started_us_(clock_->NowMicros()),
        answers_(config.serve.idempotency_window),
        sessions_(config.sessions.capacity) {}
  ~Impl() { Close().IgnoreError(); }

  absl::Status Start(Config config);
  void Route(const RouteRequest& request, RouteDone done);
  void RecordOutcome(const Outcome& outcome, RecordDone done);
  void RecordFeedback(const Feedback& feedback, RecordDone done);
  absl::StatusOr<Explanation> Explain(const DecisionId& id, const std::string& tenant);
  absl::Status Reload(Config config);
  absl::Status Sync();
  EngineStatus Status() const;
  Config CurrentConfig() const { return *source_.Base()->config; }
  absl::Status Close();

 private:
  void RouteAndCount(const RouteRequest& request, RouteDone done);
  void RouteOnce(const RouteRequest& request, const RouteDone& done);
  absl::Status Append(DecisionRecord& record, const Decision& answer, bool durable, const RouteDone& done);
  DecideContext ContextOf(const RouteRequest& request, const Config& config);
  // A decision is made: its tier is warm, and its conversation has it.
  void Remember(const std::string& tenant, const std::string& session, const std::string& tier, int64_t time_us);
  absl::Status RememberRows(const Config& config);

  const SteadyClock steady_;
  const Clock* const clock_;  // that one
  const std::unique_ptr<EventLog> log_;
  DecisionIdGenerator ids_;
  const uint64_t seed_;
  const int64_t started_us_;
  AnswerCache answers_;
  SessionBook sessions_;
  Warmth warmth_;
  DecisionTally tally_;
  TenantTally tenants_;
  SnapshotSource source_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<LearnerLoop> loop_;

  absl::Status CheckReleasesFit(const Config& config);

  absl::Mutex reload_mutex_;  // one Reload or Close at a time
  std::shared_ptr<const Config> config_ ABSL_GUARDED_BY(reload_mutex_);  // the operator's, without a release's keys
  bool closed_ ABSL_GUARDED_BY(reload_mutex_) = false;

  std::atomic<int64_t> decisions_{0}, dropped_rows_{0}, agreements_{0}, agreement_decisions_{0};
};

absl::Status Engine::Impl::Start(Config config) {
  const auto shared = std::make_shared<const Config>(std::move(config));
  {
    absl::MutexLock lock(&reload_mutex_);
    config_ = shared;
  }
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(shared->Hash(), ConfigToYaml(*shared)));
  SUFFICE_RETURN_IF_ERROR(RememberRows(*shared));
  gate_ = std::make_unique<Gate>(shared);
  SUFFICE_RETURN_IF_ERROR(gate_->Restore(*log_, clock_->NowMicros()));
  SUFFICE_ASSIGN_OR_RETURN(Learner learner, Learner::Resume(log_.get(), shared));
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(learner.config()->Hash(), ConfigToYaml(*learner.config())));
  SUFFICE_RETURN_IF_ERROR(learner.CatchUpFully());
  loop_ = std::make_unique<LearnerLoop>(std::move(learner), shared, log_.get(), &source_, clock_, gate_.get());
  log_->SetCommitListener([this] { loop_->Notify(); });
  return absl::OkStatus();
}

absl::Status Engine::Impl::RememberRows(const Config& config) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t last, log_->LastDecisionSeq());
  const int64_t window = config.serve.idempotency_window;
  const int64_t rows = std::max(window, kRowsRemembered);
  return log_->ScanDecisions(std::max<int64_t>(0, last - rows), rows, [&](const DecisionRecord& record) {
    if (record.origin == DecisionOrigin::kEval) return true;
    steady_.Recall(record.time_us + kIdResolutionUs);
    tally_.Recall(record.tier);
    tenants_.Add(record.tenant, IsDearest(record.tier, record.tiers));
    Remember(record.tenant, record.session, record.tier, record.time_us);
    if (!record.request_id.empty() && record.seq > last - window) {
      answers_.Remember(record.tenant, record.request_id, AnswerOf(record, config));
    }
    return true;
  });
}

DecideContext Engine::Impl::ContextOf(const RouteRequest& request, const Config& config) {
  const int64_t now_us = clock_->NowMicros();
  DecideContext context{.id = ids_.Next(now_us), .time_us = now_us, .seed = seed_, .salt = log_->salt()};
  context.cold = warmth_.ColdAt(config, now_us);
  if (!request.session.empty()) {
    context.session_tier = sessions_.Find(request.tenant, request.session, now_us, config.sessions.idle_s);
  }
  return context;
}

void Engine::Impl::Remember(const std::string& tenant, const std::string& session, const std::string& tier,
                            int64_t time_us) {
  warmth_.Use(tier, time_us);
  if (!session.empty()) sessions_.Use(tenant, session, tier, time_us);
}

void Engine::Impl::Route(const RouteRequest& request, RouteDone done) {
  if (request.dry_run) return RouteOnce(request, done);
  if (request.request_id.empty()) return RouteAndCount(request, std::move(done));
  if (!answers_.Begin(request.tenant, request.request_id, done)) return;
  RouteAndCount(request, [this, tenant = request.tenant, id = request.request_id,
                          done = std::move(done)](absl::StatusOr<Decision> answer) {
    answers_.Finish(tenant, id, answer);
    done(std::move(answer));
  });
}

void Engine::Impl::RouteAndCount(const RouteRequest& request, RouteDone done) {
  RouteOnce(request, [this, done = std::move(done)](absl::StatusOr<Decision> answer) {
    tally_.Add(answer);
    done(std::move(answer));
  });
}

void Engine::Impl::RouteOnce(const RouteRequest& request, const RouteDone& done) {
  const std::shared_ptr<const Config> config = source_.Base()->config;
  if (!request.dry_run && config->on_log_failure == OnLogFailure::kRefuse) {
    if (const absl::Status status = CheckLogIsWritten(*log_); !status.ok()) return done(status);
  }
  const DecideContext context = ContextOf(request, *config);
  const SnapshotPtr snapshot = source_.For(request, context.id);
  // Serves the thread's next decision again: where a row is logged, the log gives an older one's memory for it.
  thread_local Consideration considered;
  if (const absl::Status status = Consider(*snapshot, request, context, considered); !status.ok()) return done(status);
  if (const absl::Status status = gate_->Choose(*snapshot, request, considered); !status.ok()) return done(status);
  Decision answer = AnswerOf(considered.row, *snapshot->config);
  if (request.dry_run) return done(std::move(answer));

  // A row that is not kept cannot be waited for (and no hard budget goes with such).
  const bool kept = IsKept(considered.row), durable = kept && gate_->MustBeDurable(considered.row);
  if (kept) {
    const absl::Status status = Append(considered.row, answer, durable, done);
    if (!status.ok()) {
      gate_->Cancel(answer.id);
      return done(status);
    }
  } else {
    dropped_rows_.fetch_add(1, std::memory_order_relaxed);
  }
  Remember(request.tenant, request.session, answer.tier, context.time_us);
  tenants_.Add(request.tenant, IsDearest(answer.tier, answer.tiers));
  decisions_.fetch_add(1, std::memory_order_relaxed);
  if (!request.caller_tier.empty()) {
    agreement_decisions_.fetch_add(1, std::memory_order_relaxed);
    if (request.caller_tier == answer.policy_tier) agreements_.fetch_add(1, std::memory_order_relaxed);
  }
  if (!durable) done(std::move(answer));
}

// Queues the row, which holds something else afterwards; `durable`: the caller is answered after the commit. A
// reservation whose row could not be written is given back, as nobody was told to make the call.
absl::Status Engine::Impl::Append(DecisionRecord& record, const Decision& answer, bool durable, const RouteDone& done) {
  if (durable) {
    return log_->AppendDecision(std::move(record), [this, answer, done](const absl::StatusOr<Receipt>& receipt) {
      if (!receipt.ok()) {
        gate_->Cancel(answer.id);
        return done(receipt.status());
      }
      gate_->Committed(answer.id, receipt->seq);
      done(answer);
    });
  }
  if (record.reserved_cost_nanos == 0) {
    return log_->AppendDecision(std::move(record), nullptr, EventLog::WhenFailed::kRetry);
  }
  const auto committed = [this, id = record.id](const absl::StatusOr<Receipt>& receipt) {
    if (receipt.ok()) gate_->Committed(id, receipt->seq);
  };
  return log_->AppendDecision(std::move(record), committed, EventLog::WhenFailed::kRetry);
}

void Engine::Impl::RecordOutcome(const Outcome& outcome, RecordDone done) {
  if (const absl::Status status = CheckOutcome(outcome); !status.ok()) return done(status);
  OutcomeRecord record{.time_us = clock_->NowMicros(), .outcome = outcome};
  if (outcome.cost_usd) record.cost_nanos = Money::FromUsd(*outcome.cost_usd).nanos;
  log_->AppendOutcome(std::move(record), [this, id = outcome.decision_id,
                                          done = std::move(done)](absl::StatusOr<Receipt> receipt) {
    if (receipt.ok() && !receipt->duplicate) gate_->Settle(id, receipt->cost_nanos, receipt->seq);
    if (done) done(std::move(receipt));
  });
}

void Engine::Impl::RecordFeedback(const Feedback& feedback, RecordDone done) {
  if (const absl::Status status = CheckFeedback(feedback); !status.ok()) return done(status);
  log_->AppendFeedback({.time_us = clock_->NowMicros(), .feedback = feedback}, std::move(done));
}

absl::StatusOr<Explanation> Engine::Impl::Explain(const DecisionId& id, const std::string& tenant) {
  SUFFICE_RETURN_IF_ERROR(log_->Flush());
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<ObservedDecision> found, log_->Find(id));
  if (!found) {
    return absl::NotFoundError(fmt::format("decision {} is not in the log, or not any more", id.ToString()));
  }
  if (found->decision.tenant != tenant) {
    return absl::PermissionDeniedError(fmt::format("decision {} belongs to another tenant", id.ToString()));
  }
  SUFFICE_ASSIGN_OR_RETURN(const std::string yaml, log_->LoadConfigText(found->decision.config_hash));
  SUFFICE_ASSIGN_OR_RETURN(const Config made_with, ParseConfig(yaml, "configuration " + found->decision.config_hash));
  return ExplainDecision(found->decision, made_with, *source_.OfRelease(found->decision.release));
}

// Whether the keys of the releases in use fit a configuration: asked before anything is taken from it.
absl::Status Engine::Impl::CheckReleasesFit(const Config& config) {
  for (const int64_t number : {source_.Base()->release, source_.candidate_release()}) {
    SUFFICE_ASSIGN_OR_RETURN(const auto release, LoadRelease(*log_, number, config.features));
    SUFFICE_RETURN_IF_ERROR(WithOverrides(config, *release).status());
  }
  return absl::OkStatus();
}

absl::Status Engine::Impl::Reload(Config config) {
  absl::MutexLock lock(&reload_mutex_);
  if (closed_) return absl::UnavailableError("the engine is closed");
  if (const auto key = FixedKeyThatChanged(*config_, config)) {
    return absl::FailedPreconditionError(fmt::format("{}: cannot change without a restart", *key));
  }
  SUFFICE_RETURN_IF_ERROR(CheckReleasesFit(config));
  const auto shared = std::make_shared<const Config>(std::move(config));
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(shared->Hash(), ConfigToYaml(*shared)));
  sessions_.SetCapacity(shared->sessions.capacity);
  SUFFICE_RETURN_IF_ERROR(gate_->Reload(shared, *log_, clock_->NowMicros()));
  SUFFICE_RETURN_IF_ERROR(loop_->Reload(shared));
  config_ = shared;
  return absl::OkStatus();
}

absl::Status Engine::Impl::Sync() {
  SUFFICE_RETURN_IF_ERROR(log_->Flush());
  return loop_->Sync();
}

EngineStatus Engine::Impl::Status() const {
  const SnapshotPtr snapshot = source_.Base();
  const LogCounters log = log_->counters();
  EngineStatus status;
  status.snapshot = snapshot->number;
  status.release = snapshot->release;
  status.ramp_release = source_.candidate_release();
  status.ramp_share = source_.candidate_share();
  status.decisions = decisions_.load();
  status.feedbacks = log.feedbacks;
  status.outcomes = log.outcomes;
  status.unknown_feedbacks = log.unknown_feedbacks;
  status.wrong_model_outcomes = log.wrong_model_outcomes;
  status.observations = std::llround(snapshot->observations);
  status.log_queue = log.queued;
  status.dropped_decision_rows = dropped_rows_.load();
  status.agreement_decisions = agreement_decisions_.load();
  if (status.agreement_decisions > 0) {
    status.agreement = static_cast<double>(agreements_.load()) / static_cast<double>(status.agreement_decisions);
  }
  status.feature_set = fmt::format("{}-{:016x}", snapshot->features->kind(), snapshot->features->version());
  status.config_hash = snapshot->config_hash;
  status.log_error = log.error.empty() ? loop_->error() : log.error;
  status.time_us = clock_->NowMicros();
  status.started_us = started_us_;
  status.config_name = snapshot->config->name;
  status.limits = snapshot->limits.status;
  status.infeasible = snapshot->limits.infeasible;
  ReportTiers(*snapshot, warmth_, status.time_us, status);
  tally_.Report(status);
  status.senders = snapshot->senders;
  status.tenants = tenants_.Departing(snapshot->config->trust.alarm);
  if (status.decisions > 0) {
    status.feedback_share = static_cast<double>(status.feedbacks) / static_cast<double>(status.decisions);
  }
  status.budgets = gate_->Status(status.time_us);
  status.budget_refusals = gate_->refusals();
  status.dangling_decisions = gate_->overdue(status.time_us);
  return status;
}

absl::Status Engine::Impl::Close() {
  absl::MutexLock lock(&reload_mutex_);
  if (closed_) return absl::OkStatus();
  closed_ = true;
  absl::Status status = log_->Flush();
  if (loop_ != nullptr) status.Update(loop_->Stop());
  status.Update(log_->Close());
  return status;
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(EngineOptions options) {
  SUFFICE_RETURN_IF_ERROR(ValidateConfig(options.config));
  if (options.database.empty()) return InvalidField("database", "expected the path of an SQLite file");
  SUFFICE_ASSIGN_OR_RETURN(uint64_t salt, SaltForNewStore(options.config));
  const EngineSeams* const seams = EngineSeams::Current();
  if (salt == 0 && seams != nullptr) salt = Hash64("salt", seams->seed());
  // Used by the log's writer alone, and not before the first outcome.
  const auto prices = std::make_shared<PriceBook>();
  SUFFICE_ASSIGN_OR_RETURN(std::unique_ptr<EventLog> log,
                           OpenSqliteLog({.path = options.database,
                                          .durability = options.config.log.durability,
                                          .queue_capacity = options.config.log.queue_capacity,
                                          .salt_if_new = salt,
                                          .settle = [prices, warning = std::make_shared<WrongModelWarning>()](
                                                        const DecisionFacts& decision, const Outcome& outcome) {
                                            const Settlement settlement = Settle(decision, outcome, *prices);
                                            if (settlement.wrong_model) warning->Give(decision.tier, outcome);
                                            return settlement;
                                          }}));
  prices->Bind(log.get());
  auto impl = std::make_unique<Impl>(std::move(log), options.config, seams != nullptr ? seams->clock() : Clock::System(),
                                     seams != nullptr ? seams->seed() : RandomSeed());
  SUFFICE_RETURN_IF_ERROR(impl->Start(std::move(options.config)));
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

void Engine::Route(const RouteRequest& request, RouteDone done) { impl_->Route(request, std::move(done)); }
absl::StatusOr<Decision> Engine::Route(const RouteRequest& request) {
  absl::StatusOr<Decision> answer = absl::UnknownError("not answered");
  absl::Notification answered;
  impl_->Route(request, [&](absl::StatusOr<Decision> made) {
    answer = std::move(made);
    answered.Notify();
  });
  answered.WaitForNotification();
  return answer;
}
void Engine::RecordOutcome(const Outcome& outcome, RecordDone done) { impl_->RecordOutcome(outcome, std::move(done)); }
void Engine::RecordFeedback(const Feedback& feedback, RecordDone done) {
  impl_->RecordFeedback(feedback, std::move(done));
}
absl::StatusOr<Receipt> Engine::RecordOutcome(const Outcome& outcome) {
  return WaitForReceipt<Outcome>(*this, outcome, &Engine::RecordOutcome);
}
absl::StatusOr<Receipt> Engine::RecordFeedback(const Feedback& feedback) {
  return WaitForReceipt<Feedback>(*this, feedback, &Engine::RecordFeedback);
}
absl::StatusOr<Explanation> Engine::Explain(const DecisionId& id, const std::string& tenant) {
  return impl_->Explain(id, tenant);
}
absl::Status Engine::Reload(Config config) {
  SUFFICE_RETURN_IF_ERROR(ValidateConfig(config));
  return impl_->Reload(std::move(config));
}
absl::Status Engine::Sync() { return impl_->Sync(); }
EngineStatus Engine::Status() const { return impl_->Status(); }
Config Engine::CurrentConfig() const { return impl_->CurrentConfig(); }
absl::Status Engine::Close() { return impl_->Close(); }

}  // namespace suffice
