#include "engine/learner_loop.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "base/status_macros.h"

namespace suffice {
namespace {

// A state is kept after this many events, so that a restart has a short tail to fold.
constexpr int64_t kEventsBetweenStates = 20000;
// What a soft budget asks changes with the time, too.
constexpr absl::Duration kPacingInterval = absl::Seconds(1);

int64_t EventsBetween(const LogCursor& from, const LogCursor& to) {
  return to.outcome_seq - from.outcome_seq + to.feedback_seq - from.feedback_seq;
}

}  // namespace

LearnerLoop::LearnerLoop(Learner learner, EventLog* log, SnapshotPublisher* publisher, const Clock* clock,
                         absl::Duration publish_interval, Gate* gate)
    : log_(log),
      publisher_(publisher),
      clock_(clock),
      publish_interval_(publish_interval),
      gate_(gate),
      learner_(std::move(learner)),
      kept_(learner_.cursor()) {
  if (const absl::Status status = Publish(/*with_state=*/false); !status.ok()) last_status_ = status;
  thread_ = std::thread([this] { Run(); });
}

LearnerLoop::~LearnerLoop() { Stop().IgnoreError(); }

void LearnerLoop::Notify() {
  absl::MutexLock lock(&mutex_);
  dirty_ = true;
}

absl::Status LearnerLoop::WaitFor(int64_t ticket) {
  const auto served = [this, ticket]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return served_ >= ticket || stopping_; };
  mutex_.Await(absl::Condition(&served));
  if (served_ < ticket) return absl::UnavailableError("the learner is stopping");
  return last_status_;
}

absl::Status LearnerLoop::Sync() {
  absl::MutexLock lock(&mutex_);
  return WaitFor(++asked_);
}

absl::Status LearnerLoop::Reload(std::shared_ptr<const Config> config) {
  absl::MutexLock lock(&mutex_);
  new_config_ = std::move(config);
  return WaitFor(++asked_);
}

absl::Status LearnerLoop::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (!thread_.joinable()) return absl::OkStatus();
  thread_.join();
  if (fit_thread_.joinable()) fit_thread_.join();
  SUFFICE_RETURN_IF_ERROR(learner_.CatchUpFully());
  SUFFICE_RETURN_IF_ERROR(gate_->Save(*log_, clock_->NowMicros(), /*always=*/true));
  return Publish(/*with_state=*/true);
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
      mutex_.AwaitWithTimeout(absl::Condition(this, &LearnerLoop::HasWork),
                              gate_->has_soft_budgets() ? kPacingInterval : absl::InfiniteDuration());
      if (stopping_) return;
      dirty_ = false;
      ticket = asked_;
      config = std::exchange(new_config_, nullptr);
      fitted = std::exchange(fitted_, nullptr);
    }
    const absl::Status status = Round(std::move(config), std::move(fitted));
    if (!status.ok()) spdlog::error("learner: {}", status.ToString());
    absl::MutexLock lock(&mutex_);
    served_ = ticket;
    last_status_ = status;
    // Feedback that comes quickly is folded together: a snapshot costs more than an observation.
    mutex_.AwaitWithTimeout(absl::Condition(this, &LearnerLoop::IsUrgent), publish_interval_);
  }
}

absl::Status LearnerLoop::Round(std::shared_ptr<const Config> config, FeatureSetPtr fitted) {
  const bool refolded = fitted != nullptr;
  const bool changed = config != nullptr || refolded;
  if (config != nullptr) learner_.ReplaceConfig(std::move(config));
  if (fitted != nullptr) {
    spdlog::info("features: fitted a projection to {} dimensions; folding the log again", fitted->dimensions());
    learner_.ReplaceFeatures(std::move(fitted));
    kept_ = {};
  }
  SUFFICE_RETURN_IF_ERROR(learner_.CatchUpFully());
  TellAlarms();
  const bool paces = gate_->has_soft_budgets() && gate_->decisions() != published_decisions_;
  if (changed || paces || learner_.cursor() != published_) {
    SUFFICE_RETURN_IF_ERROR(Publish(refolded || EventsBetween(kept_, learner_.cursor()) >= kEventsBetweenStates));
  }
  SUFFICE_RETURN_IF_ERROR(gate_->Save(*log_, clock_->NowMicros(), /*always=*/false));
  MaybeStartFit();
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

absl::Status LearnerLoop::Publish(bool with_state) {
  published_decisions_ = gate_->decisions();
  const SnapshotPtr snapshot = learner_.NextSnapshot(gate_->PacedBudgets(clock_->NowMicros()));
  publisher_->Publish(snapshot);
  published_ = snapshot->cursor;
  if (with_state) kept_ = snapshot->cursor;
  return log_->SaveSnapshot(learner_.RecordOf(*snapshot, clock_->NowMicros(), with_state));
}

void LearnerLoop::MaybeStartFit() {
  if (fit_started_) return;
  const auto wanted = learner_.WantsFittedFeatures();
  if (!wanted.ok() || !*wanted) return;
  fit_started_ = true;
  fit_thread_ = std::thread([this, config = publisher_->Get()->config] {
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
  });
}

}  // namespace suffice
