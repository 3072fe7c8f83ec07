#include "app/nightly_flags.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/status_macros.h"
#include "evaluation/write_file.h"

namespace suffice {

void NightlyFlags::AddTo(Flags& flags) {
  config.AddTo(flags);
  flags.Add("db", &db, {.value = "FILE", .help = "the log, which a server may have open", .required = true})
      .Add("work", &work, {.value = "FILE", .help = "the job's own file; empty: the log's path with .nightly"});
}

void NightlyFlags::AddRunTo(Flags& flags) {
  flags.Add("run", &run, {.value = "N", .help = "which night's; 0: the newest", .range = AtLeast(0)});
}

void NightlyFlags::AddReportTo(Flags& flags) {
  flags.Add("report", &report, {.value = "FILE", .help = "writes the verdict and what it rests on as JSON"})
      .Add("html", &html, {.value = "FILE", .help = "writes it as one HTML page with pictures"});
}

absl::StatusOr<std::unique_ptr<NightlyJob>> NightlyFlags::Open(const std::string& prompts, uint64_t seed, Io& io) {
  SUFFICE_ASSIGN_OR_RETURN(Config loaded, config.Load());
  return NightlyJob::Open({.config = std::move(loaded),
                           .db = db,
                           .work = work,
                           .prompts = prompts,
                           .seed = seed,
                           .now_us = Clock::System()->NowMicros(),
                           .progress = [this, &io](NightlyStep step, double fraction) {
                             if (bar_ == nullptr || bar_step_ != step) {
                               bar_.reset();
                               bar_ = std::make_unique<ProgressBar>(io, std::string(ToString(step)));
                               bar_step_ = step;
                             }
                             bar_->Show(fraction);
                             if (fraction >= 1) bar_.reset();
                           }});
}

absl::Status NightlyFlags::HandOut(NightlyJob& job) const {
  SUFFICE_ASSIGN_OR_RETURN(const std::string json, job.ReportJson());
  if (json.empty()) return absl::OkStatus();
  if (!report.empty()) SUFFICE_RETURN_IF_ERROR(WriteFileWhole(report, json));
  if (html.empty()) return absl::OkStatus();
  SUFFICE_ASSIGN_OR_RETURN(const std::string page, job.Page());
  return WriteFileWhole(html, page);
}

int DoNightlyStep(NightlyJob& job, NightlyStep step, Io& io) {
  const absl::StatusOr<std::string> done = job.Do(step);
  if (!done.ok()) return Fail(io, done.status());
  io.out << fmt::format("{:<10} {}\n", ToString(step), *done) << std::flush;
  return kExitOk;
}

}  // namespace suffice
