// One night's job over a log: sample -> run-tiers -> judge -> refit -> gate -> promote. Each step can be repeated, and
// a job that was killed goes on where it stopped, with the same result. Thread contract: confined to one thread; blocks
// on network, disk and judges.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "log/event_log.h"
#include "nightly/work_file.h"
#include "suffice/config.h"

namespace suffice {

struct NightlyOptions {
  Config config;
  std::string db;       // the log; only read, but for the release and its promotion
  std::string work;     // the work file; empty: "<db>.nightly"
  std::string prompts;  // a file to draw from; empty: the log
  uint64_t seed = 0;    // of a new run; 0: from the log's salt and the run's number
  int64_t now_us = 0;
  std::function<void(NightlyStep, double fraction)> progress;  // may be empty; ends every step with 1
};

class NightlyJob {
 public:
  // NOT_FOUND: no such log. FAILED_PRECONDITION: another job has the work file; the log's schema is not this program's.
  static absl::StatusOr<std::unique_ptr<NightlyJob>> Open(NightlyOptions options);

  // Takes up the newest run if it has not ended, else begins a new one; `anew`: begins one in any case.
  // FAILED_PRECONDITION: the run was begun with a configuration that means another job.
  absl::Status Resume(bool anew);
  // Takes up a run by number; 0: the newest one. NOT_FOUND: there is none.
  absl::Status Take(int64_t number);
  const NightlyRun& run() const { return run_; }
  bool resumed() const { return resumed_; }

  // Does one step of the run, though it was done before, and returns what came of it in a sentence.
  // FAILED_PRECONDITION: an earlier step is still to be done.
  absl::StatusOr<std::string> Do(NightlyStep step);
  // For run-tiers and judge: ask again what failed.
  void RetryFailed() { retry_failed_ = true; }
  // For promote: leave the serving release as it is, whatever the verdict.
  void DoNotPromote() { promote_ = false; }

  // For people: what was done and why. And the verdict with what it rests on, as JSON and as a page; both are empty
  // before the gate.
  absl::StatusOr<std::string> ReportJson();
  absl::StatusOr<std::string> Page();
  const std::string& work_path() const { return work_path_; }

 private:
  explicit NightlyJob(NightlyOptions options) : options_(std::move(options)), config_(options_.config) {}

  absl::Status BeginRun();
  absl::Status Require(NightlyStep step) const;
  absl::Status Finish(NightlyStep step);
  void Show(NightlyStep step, double fraction) const {
    if (options_.progress) options_.progress(step, fraction);
  }
  absl::StatusOr<std::string> Dispatch(NightlyStep step);
  absl::StatusOr<std::string> Sample();
  absl::StatusOr<std::string> AskTiers();   // in nightly_paid_steps.cc
  absl::StatusOr<std::string> AskJudges();  // likewise
  absl::StatusOr<std::string> RefitRun();
  absl::StatusOr<std::string> Gate();  // in nightly_gate.cc
  absl::StatusOr<std::string> Promote();

  const NightlyOptions options_;
  const Config& config_;
  std::string work_path_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<WorkFile> file_;
  NightlyRun run_;
  bool resumed_ = false, retry_failed_ = false, promote_ = true;
};

// Whether two configurations mean the same job: everything but where providers are, how much may be spent, how a
// promotion is ramped, and how the server runs.
bool IsSameJob(Config a, Config b);

}  // namespace suffice
