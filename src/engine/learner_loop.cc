#include "engine/learner_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/status_macros.h"
#include "learner/release.h"
#include "suffice/status.h"

namespace suffice {
namespace {

// A state is kept after this many events, so that a restart has a short tail to fold; a large one after more, so that
// states take no more of the disk and of the writer's time than the events themselves.
constexpr int64_t kEventsBetweenStates = 20'000, kMostEventsBetweenStates = 100'000;
constexpr int64_t kStateBytesAnEvent = 1000;
// What a soft budget asks changes with the time, too.
constexpr std::chrono::seconds kPacingInterval(1);
// How often promotions are looked for, which come into the file beside the server.
constexpr std::chrono::milliseconds kPollInterval(250);

int64_t EventsBetween(const LogCursor& from, const LogCursor& to) {
  return to.outcome_seq - from.outcome_seq + to.feedback_seq - from.feedback_seq;
}

int64_t EventsBetweenStates(size_t state_bytes) {
  return std::clamp(static_cast<int64_t>(state_bytes) / kStateBytesAnEvent, kEventsBetweenStates, kMostEventsBetweenStates);
}

}  // namespace

LearnerLoop::LearnerLoop(Learner learner, std::shared_ptr<const Config> config, EventLog* log, SnapshotSource* source,
                         const Clock* clock, Gate* gate)
    : log_(log),
      source_(source),
      clock_(clock),
      publish_interval_(std::chrono::microseconds(std::llround(1e6 * config->serve.publish_interval_s))),
      gate_(gate),
      base_config_(std::move(config)),
      learner_(std::move(learner)),
      kept_(learner_.cursor()),
      retention_(log_, base_config_->log.keep_days) {
  absl::Status status = FollowPromotions().status();
  status.Update(Publish(/*with_state=*/false));
  if (!status.ok()) last_status_ = status;
  thread_ = std::thread([this] { Run(); });
}

LearnerLoop::~LearnerLoop() { Stop().IgnoreError(); }

void LearnerLoop::Notify() {
  absl::MutexLock lock(&mutex_);
  if (std::exchange(dirty_, true)) return;
  wake_.Signal();
}

absl::Status LearnerLoop::Ask() {
  const int64_t ticket = ++asked_;
  wake_.Signal();
  const auto served = [this, ticket]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return served_ >= ticket || stopping_; };
  mutex_.Await(absl::Condition(&served));
  if (served_ < ticket) return absl::UnavailableError("the learner is stopping");
  return last_status_;
}

absl::Status LearnerLoop::Sync() {
  absl::MutexLock lock(&mutex_);
  return Ask();
}

absl::Status LearnerLoop::Reload(std::shared_ptr<const Config> config) {
  absl::MutexLock lock(&mutex_);
  new_config_ = std::move(config);
  return Ask();
}

absl::Status LearnerLoop::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    wake_.Signal();
  }
  if (!thread_.joinable()) return absl::OkStatus();
  thread_.join();
  if (fit_thread_.joinable()) fit_thread_.join();
  SUFFICE_RETURN_IF_ERROR(learner_.CatchUpFully());
  SUFFICE_RETURN_IF_ERROR(gate_->Save(*log_, clock_->NowMicros(), /*always=*/true));
  return Publish(/*with_state=*/true);
}

std::string LearnerLoop::error() const {
  absl::MutexLock lock(&mutex_);
  return StatedReason(last_round_) == "LOG_UNAVAILABLE" ? "" : std::string(last_round_.message());
}

void LearnerLoop::Note(const absl::Status& round) {
  absl::Status before;
  {
    absl::MutexLock lock(&mutex_);
    before = std::exchange(last_round_, round);
  }
  if (round.message() == before.message()) return;
  if (round.ok()) {
    spdlog::info("learner: following the log again");
  } else {
    spdlog::error("learner: {}; trying again", round.ToString());
  }
}

bool LearnerLoop::IsUrgent() const { return stopping_ || asked_ > served_; }
bool LearnerLoop::HasWork() const { return dirty_ || fitted_ != nullptr || IsUrgent(); }

void LearnerLoop::Run() {
  while (true) {
    std::shared_ptr<const Config> config;
    FeatureSetPtr fitted;
    int64_t ticket;
    {
      absl::MutexLock lock(&mutex_);
      wake_.WaitFor(&mutex_, kPollInterval, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return HasWork(); });
      if (stopping_) return;
      dirty_ = false;
      ticket = asked_;
      config = std::exchange(new_config_, nullptr);
      fitted = std::exchange(fitted_, nullptr);
    }
    const absl::Status status = Round(std::move(config), std::move(fitted));
    Note(status);
    absl::MutexLock lock(&mutex_);
    served_ = ticket;
    last_status_ = status;
    // Feedback that comes quickly is folded together: a snapshot costs more than an observation.
    wake_.WaitFor(&mutex_, publish_interval_, [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return IsUrgent(); });
  }
}

absl::Status LearnerLoop::Round(std::shared_ptr<const Config> config, FeatureSetPtr fitted) {
  const bool refolded = fitted != nullptr && learner_.release() == nullptr;
  const bool configured = config != nullptr;
  if (configured) SUFFICE_RETURN_IF_ERROR(TakeConfig(std::move(config)));
  if (refolded) {
    spdlog::info("features: fitted a projection to {} dimensions; folding the log again", fitted->dimensions());
    learner_.ReplaceFeatures(std::move(fitted));
  }
  SUFFICE_ASSIGN_OR_RETURN(const bool promoted, FollowPromotions());
  if (refolded || promoted) kept_ = {};
  SUFFICE_RETURN_IF_ERROR(learner_.CatchUpFully());
  TellAlarms();
  TellDepartures();
  const MonotonicTime now = MonotonicNow();
  const bool paces =
      gate_->has_soft_budgets() && gate_->decisions() != published_decisions_ && now >= next_pacing_;
  if (refolded || configured || promoted || paces || learner_.cursor() != published_) {
    next_pacing_ = now + kPacingInterval;
    SUFFICE_RETURN_IF_ERROR(
        Publish(refolded || promoted || EventsBetween(kept_, learner_.cursor()) >= EventsBetweenStates(kept_bytes_)));
  }
  if (candidate_) SUFFICE_RETURN_IF_ERROR(StepRamp());
  SUFFICE_RETURN_IF_ERROR(gate_->Save(*log_, clock_->NowMicros(), /*always=*/false));
  MaybeStartFit();
  return DeleteOld();
}

absl::Status LearnerLoop::DeleteOld() {
  if (candidate_) return absl::OkStatus();
  const int64_t now_us = clock_->NowMicros();
  return retention_.Round(now_us, gate_->PeriodsStart(now_us), learner_.beginning(), [this]() -> absl::StatusOr<LogCursor> {
    SUFFICE_RETURN_IF_ERROR(Publish(/*with_state=*/true));
    SUFFICE_RETURN_IF_ERROR(log_->MakeBase(last_number_));
    learner_.BeginAt(published_);
    return published_;
  });
}

// All or nothing: a configuration that the keys of a release in use do not fit is not taken.
absl::Status LearnerLoop::TakeConfig(std::shared_ptr<const Config> config) {
  std::vector<std::pair<Learner*, std::shared_ptr<const Config>>> changes;
  for (Learner* learner : {&learner_, candidate_ ? &*candidate_ : nullptr}) {
    if (learner == nullptr) continue;
    std::shared_ptr<const Config> effective = config;
    if (learner->release() != nullptr) {
      SUFFICE_ASSIGN_OR_RETURN(Config with_overrides, WithOverrides(*config, *learner->release()));
      effective = std::make_shared<const Config>(std::move(with_overrides));
    }
    SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(effective->Hash(), ConfigToYaml(*effective)));
    changes.emplace_back(learner, std::move(effective));
  }
  for (auto& [learner, effective] : changes) learner->ReplaceConfig(std::move(effective));
  base_config_ = std::move(config);
  parked_.reset();
  if (candidate_) SUFFICE_RETURN_IF_ERROR(BeginRamp());
  return absl::OkStatus();
}

absl::StatusOr<Learner> LearnerLoop::LearnerOn(int64_t release) {
  for (std::optional<Learner>* at_hand : {&candidate_, &parked_}) {
    if (!*at_hand || (*at_hand)->release_number() != release) continue;
    Learner learner = *std::move(*at_hand);
    at_hand->reset();
    learner.SetObserver(nullptr);
    SUFFICE_RETURN_IF_ERROR(learner.CatchUpFully());
    return learner;
  }
  SUFFICE_ASSIGN_OR_RETURN(Learner learner, Learner::Begin(log_, base_config_, release));
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(learner.config()->Hash(), ConfigToYaml(*learner.config())));
  SUFFICE_RETURN_IF_ERROR(learner.CatchUpFully());
  return learner;
}

absl::StatusOr<bool> LearnerLoop::FollowPromotions() {
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<PromotionRecord> newest, log_->NewestPromotion());
  if (!newest || newest->seq == promotion_.seq) return false;
  const bool ramps = newest->share < 1;
  const int64_t serving = ramps ? newest->base : newest->release;
  const bool changes = serving != learner_.release_number();
  if (changes) {
    SUFFICE_ASSIGN_OR_RETURN(Learner next, LearnerOn(serving));
    parked_ = std::exchange(learner_, std::move(next));
  }
  promotion_ = *newest;
  spdlog::info("release {} is in force for {:.0f}% of the decisions: {}", newest->release, 100 * newest->share,
               newest->reason);
  if (!ramps) {
    source_->DropCandidate();
    candidate_.reset();
    trial_.reset();
  } else if (!candidate_ || candidate_->release_number() != newest->release) {
    SUFFICE_RETURN_IF_ERROR(BeginRamp());
  }
  return changes;
}

// The trial is a fold of the log, so it is the same after a restart: the candidate reads again what came since its
// release, and the trial with it.
absl::Status LearnerLoop::BeginRamp() {
  candidate_.reset();
  candidate_published_ = false;
  SUFFICE_ASSIGN_OR_RETURN(Learner candidate, Learner::Begin(log_, base_config_, promotion_.release));
  SUFFICE_RETURN_IF_ERROR(log_->SaveConfig(candidate.config()->Hash(), ConfigToYaml(*candidate.config())));
  candidate_ = std::move(candidate);
  trial_.emplace(*candidate_->config(), promotion_.base, promotion_.release);
  candidate_->SetObserver([this](const std::vector<ObservedDecision>& touched, LogCursor before, LogCursor after) {
    trial_->Fold(touched, before, after);
  });
  return absl::OkStatus();
}

absl::Status LearnerLoop::StepRamp() {
  const LogCursor before = candidate_->cursor();
  SUFFICE_RETURN_IF_ERROR(candidate_->CatchUpFully());
  const bool other_share = source_->candidate_share() != promotion_.share;
  if (!candidate_published_ || other_share || candidate_->cursor() != before) {
    SUFFICE_RETURN_IF_ERROR(PublishCandidate());
  }
  const RampTrial::Verdict verdict = trial_->At(promotion_.share);
  if (verdict.step == RampTrial::Step::kWait) return absl::OkStatus();
  PromotionRecord next{.time_us = clock_->NowMicros(), .reason = verdict.reason};
  if (verdict.step == RampTrial::Step::kStop) {
    next.release = promotion_.base;
  } else {
    next.release = promotion_.release;
    next.share = NextRampShare(promotion_.share);
    if (next.share < 1) next.base = promotion_.base;
  }
  const absl::Status appended = log_->AppendPromotion(std::move(next), promotion_.seq);
  if (!appended.ok() && !absl::IsAborted(appended)) return appended;  // somebody else's promotion goes before
  Notify();
  return absl::OkStatus();
}

void LearnerLoop::TellAlarms() const {
  const DriftFold& drift = learner_.statistics().drift();
  for (const auto& [tier, state] : drift.tiers()) {
    for (auto alarm = state.alarms.rbegin(); alarm != state.alarms.rend(); ++alarm) {
      if (alarm->feedback_seq <= published_.feedback_seq) break;
      spdlog::warn("drift: the quality of tier {} {}; it is learned anew from {} observations", tier,
                   alarm->shift == Shift::kDrop ? "dropped" : "rose", drift.config().keep);
    }
  }
}

void LearnerLoop::TellDepartures() const {
  const TrustFold& trust = learner_.statistics().trust();
  for (const auto& [tier, state] : trust.tiers()) {
    for (const auto& [number, sender] : state.senders) {
      if (sender.alarm_seq <= published_.feedback_seq) continue;
      spdlog::warn("trust: feedback of sender {} on tier {} departs from the others' by {:.1f} standard errors; it counts for {:.2f}",
                   trust.NameOf(number), tier, sender.departure, trust.weights()[static_cast<size_t>(number)]);
    }
  }
}

absl::Status LearnerLoop::Publish(bool with_state) {
  published_decisions_ = gate_->decisions();
  learner_.CountSnapshotsFrom(last_number_);
  const SnapshotPtr snapshot = learner_.NextSnapshot(gate_->PacedBudgets(clock_->NowMicros()));
  last_number_ = snapshot->number;
  source_->Publish(snapshot);
  published_ = snapshot->cursor;
  SnapshotRecord record = learner_.RecordOf(*snapshot, clock_->NowMicros(), with_state);
  if (with_state) {
    kept_ = snapshot->cursor;
    kept_bytes_ = record.state.size();
  }
  return log_->SaveSnapshot(std::move(record));
}

absl::Status LearnerLoop::PublishCandidate() {
  candidate_->CountSnapshotsFrom(last_number_);
  const SnapshotPtr snapshot = candidate_->NextSnapshot(gate_->PacedBudgets(clock_->NowMicros()));
  last_number_ = snapshot->number;
  source_->PublishCandidate(snapshot, promotion_.share);
  candidate_published_ = true;
  return log_->SaveSnapshot(candidate_->RecordOf(*snapshot, clock_->NowMicros(), /*with_state=*/false));
}

void LearnerLoop::MaybeStartFit() {
  if (fit_started_) return;
  const auto wanted = learner_.WantsFittedFeatures();
  if (!wanted.ok() || !*wanted) return;
  fit_started_ = true;
  fit_thread_ = std::thread([this, config = source_->Base()->config] {
    auto fitted = FitFeaturesOnLog(*log_, *config);
    if (fitted.ok()) {
      if (const absl::Status saved = log_->SaveFeatureSet((*fitted)->version(), (*fitted)->Serialize()); !saved.ok()) {
        fitted = saved;
      }
    }
    if (!fitted.ok()) {
      spdlog::warn("features: no projection was fitted: {}", fitted.status().ToString());
      return;
    }
    absl::MutexLock lock(&mutex_);
    fitted_ = *std::move(fitted);
    wake_.Signal();
  });
}

}  // namespace suffice
