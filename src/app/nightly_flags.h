// The flags that `suffice nightly` and its steps share, and how they show what they do.
// Thread contract: not thread-safe; lives in one command's run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config_flags.h"
#include "app/flags.h"
#include "app/progress.h"
#include "nightly/nightly_job.h"

namespace suffice {

struct NightlyFlags {
  ConfigFlags config;
  std::string db, work, report, html;
  int64_t run = 0;

  // --config, --set, --db and --work.
  void AddTo(Flags& flags);
  // --run.
  void AddRunTo(Flags& flags);
  // --report and --html.
  void AddReportTo(Flags& flags);

  // Reads the policy file and opens log and work file.
  absl::StatusOr<std::unique_ptr<NightlyJob>> Open(const std::string& prompts, uint64_t seed, Io& io);
  // Writes the reports asked for, if the run has a verdict.
  absl::Status HandOut(NightlyJob& job) const;

 private:
  std::unique_ptr<ProgressBar> bar_;
  NightlyStep bar_step_ = NightlyStep::kNone;
};

// Does one step and tells what came of it. Returns an ExitCode.
int DoNightlyStep(NightlyJob& job, NightlyStep step, Io& io);

}  // namespace suffice
