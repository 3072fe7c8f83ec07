#include "log_maker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "absl/synchronization/mutex.h"
#include "base/status_macros.h"
#include "suffice/engine.h"

namespace suffice::load {
namespace {

// Records on their way to the disk: a bound on them, and their first error.
class Pending {
 public:
  void Begin() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Pending::HasRoom));
    ++count_;
  }
  void End(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    --count_;
    status_.Update(status);
  }
  absl::Status WaitForAll() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Pending::IsEmpty));
    return status_;
  }

 private:
  // Each comes with a decision; together they stay well below log.queue_capacity.
  static constexpr int kMost = 16384;
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ < kMost; }
  bool IsEmpty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ == 0; }

  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

Outcome OutcomeOf(const DecisionId& id, std::mt19937_64& random) {
  std::lognormal_distribution<double> tokens(5, 0.7), latency_ms(7, 0.4);
  Outcome outcome;
  outcome.decision_id = id;
  outcome.input_tokens = 250;
  outcome.output_tokens = 1 + static_cast<int64_t>(tokens(random));
  outcome.latency_ms = latency_ms(random);
  return outcome;
}

}  // namespace

absl::StatusOr<std::vector<DecisionId>> MakeLog(const World& world, const std::string& database, const LogPlan& plan) {
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, Engine::Open({.config = world.config, .database = database}));
  std::mt19937_64 random(3);
  std::vector<DecisionId> ids;
  Pending pending;
  for (int i = 0; i < plan.decisions; ++i) {
    const auto k = static_cast<size_t>(i);
    RouteRequest request;
    request.prompt = world.prompts[k % world.prompts.size()];
    request.pinned_tier = world.config.tiers[k % world.config.tiers.size()].name;
    SUFFICE_ASSIGN_OR_RETURN(const Decision decision, engine->Route(request));
    ids.push_back(decision.id);
    const auto done = [&pending](const absl::StatusOr<Receipt>& receipt) { pending.End(receipt.status()); };
    if (plan.outcomes) {
      pending.Begin();
      engine->RecordOutcome(OutcomeOf(decision.id, random), done);
    }
    if (plan.feedbacks) {
      pending.Begin();
      engine->RecordFeedback(
          {.feedback_id = fmt::format("f{}", i), .decision_id = decision.id, .reward = random() % 4 == 0 ? 0.0 : 1.0}, done);
    }
    // Nothing else bounds decisions alone.
    if (!plan.outcomes && !plan.feedbacks && i % 10'000 == 9'999) SUFFICE_RETURN_IF_ERROR(engine->Sync());
  }
  SUFFICE_RETURN_IF_ERROR(pending.WaitForAll());
  SUFFICE_RETURN_IF_ERROR(engine->Close());
  return ids;
}

absl::StatusOr<std::string> LongLog(const World& world, int decisions) {
  const std::string database = world.Path("long.db");
  if (std::filesystem::exists(database)) return database;
  SUFFICE_RETURN_IF_ERROR(MakeLog(world, database, {.decisions = decisions, .feedbacks = true}).status());
  // Else the first writes of a server would wait until gigabytes have gone to the disk.
  const int file = ::open(database.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return absl::UnavailableError(fmt::format("cannot open {}", database));
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  if (!synced) return absl::UnavailableError(fmt::format("cannot sync {}", database));
  return database;
}

}  // namespace suffice::load
