// The router without gRPC: open it on a configuration and a log, call Route before a model call, RecordOutcome and
// RecordFeedback after. It learns by itself, in threads of its own.
//
//   auto engine = suffice::Engine::Open({.config = config, .database = "suffice.db"});
//   auto decision = (*engine)->Route({.prompt = "Translate to French: good morning"});
//   ... call the model ...
//   (*engine)->RecordFeedback({.feedback_id = "f1", .decision_id = decision->id, .reward = 1.0});
//
// Thread contract: every method is thread-safe. Route with a callback neither blocks on I/O nor on other callers' I/O.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "suffice/config.h"
#include "suffice/limit_status.h"
#include "suffice/trust_status.h"
#include "suffice/types.h"

namespace suffice {

struct EngineOptions {
  Config config;
  std::string database;  // path of the SQLite file; created if missing
};

struct EngineStatus {
  int64_t time_us = 0;     // when the status was taken, in microseconds since the Unix epoch
  int64_t started_us = 0;  // when the engine was opened
  int64_t snapshot = 0;
  int64_t release = 0;       // that the snapshot was made on; 0: none
  int64_t ramp_release = 0;  // that is being ramped up; 0: none
  double ramp_share = 0;     // of the decisions that are made on it
  int64_t decisions = 0;  // routed since start
  int64_t feedbacks = 0;  // acknowledged since start, duplicates not counted
  int64_t outcomes = 0;
  int64_t unknown_feedbacks = 0;      // for decisions that the log does not know
  int64_t observations = 0;           // decisions with a reward behind the current snapshot
  int64_t log_queue = 0;              // rows waiting for the writer
  int64_t dropped_decision_rows = 0;  // not kept, by keep_probability
  double agreement = 0;               // share of decisions where the policy would have chosen what the caller chose
  int64_t agreement_decisions = 0;    // behind `agreement`
  std::string feature_set;
  std::string config_name;
  std::string config_hash;
  std::string log_error;  // empty: the log is well

  std::vector<LimitStatus> limits;    // every paced limit
  std::vector<BudgetStatus> budgets;  // every account in use
  std::vector<TierStatus> tiers;      // in the order of the configuration
  std::vector<SenderStatus> senders;  // whose feedback departs from the others' (trust.alarm), strongest first
  std::vector<TenantStatus> tenants;  // whose share of the dearest tier departs from what it was, strongest first
  std::string infeasible;             // why the limits cannot be met together now; empty: they can
  int64_t infeasible_decisions = 0;   // answered as on_infeasible says, or refused, since start
  int64_t budget_refusals = 0;        // Route refused: no tier's worst case was covered, since start
  int64_t wrong_model_outcomes = 0;   // another model answered than the one asked for, since start
  int64_t dangling_decisions = 0;     // whose outcome is overdue, of those in memory
  double audit_share = 0;             // of the decisions since start
  double feedback_share = 0;          // feedbacks per decision since start
};

class Engine {
 public:
  using RecordDone = std::function<void(absl::StatusOr<Receipt>)>;
  using RouteDone = std::function<void(absl::StatusOr<Decision>)>;

  // Opens or creates the database, applies migrations, and loads the newest snapshot and the tail of the log.
  static absl::StatusOr<std::unique_ptr<Engine>> Open(EngineOptions options);
  // Closes if Close was not called.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // INVALID_ARGUMENT names the field; FAILED_PRECONDITION when no tier is eligible; RESOURCE_EXHAUSTED when the log's
  // queue is full, or (reason BUDGET_EXHAUSTED) when hard budgets cover no tier. A decision that a hard budget counts
  // is answered when its reservation is on disk: `done` then runs on the log's thread (so it must not block), UNAVAILABLE
  // if the row could not be written; every other one is answered at once, on the caller's. A repeated request id waits
  // for the answer that is being made, and shares its error.
  void Route(const RouteRequest& request, RouteDone done);
  // The same, waiting for the answer: up to a commit under hard budgets. Not to be called from a callback.
  absl::StatusOr<Decision> Route(const RouteRequest& request);

  // `done` runs once, on the log's thread, after the commit (so it must not block). NOT_FOUND: unknown decision.
  // PERMISSION_DENIED: another tenant's. ALREADY_EXISTS: recorded before with other values. INVALID_ARGUMENT names the
  // field.
  void RecordOutcome(const Outcome& outcome, RecordDone done);
  void RecordFeedback(const Feedback& feedback, RecordDone done);
  // The same, waiting for the commit.
  absl::StatusOr<Receipt> RecordOutcome(const Outcome& outcome);
  absl::StatusOr<Receipt> RecordFeedback(const Feedback& feedback);

  // Reads the log: may block on I/O.
  absl::StatusOr<Explanation> Explain(const DecisionId& id, const std::string& tenant);

  // Swaps the configuration, keeping everything learned. The feature settings and the log's cannot be changed this way:
  // FAILED_PRECONDITION names the key.
  absl::Status Reload(Config config);

  // Waits until everything recorded before is on disk and folded into a published snapshot.
  absl::Status Sync();

  EngineStatus Status() const;
  Config CurrentConfig() const;

  // Flushes the log, writes a snapshot, checkpoints. Idempotent.
  absl::Status Close();

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace suffice
