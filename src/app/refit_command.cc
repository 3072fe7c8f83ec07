#include <fmt/format.h>

#include "app/commands.h"
#include "app/config_flags.h"
#include "app/progress.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "evaluation/write_file.h"
#include "learner/learner.h"
#include "log/release_store.h"
#include "log/sqlite_log_for_reading.h"
#include "refit/refit.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "fits a release on a log: projection, prior statistics, calibration, threshold";
constexpr char kExample[] =
    "suffice refit --config policies/two_tiers.yaml --db suffice.db\n"
    "suffice promote --db suffice.db --release 1";

struct RefitFlags {
  ConfigFlags config;
  std::string db, report, note;
  double holdout = 0, effective_size = 0, strong_share = -1;
  int64_t seed = 0;
  int threads = 2;

  std::optional<int> Parse(const std::vector<std::string>& args, Io& io) {
    Flags flags("refit",
                "Fits what a learner can start from on everything that the log knows, and keeps it as a release in the "
                "log's file. Nothing changes for a running server until the release is promoted.",
                kExample);
    config.AddTo(flags);
    flags.Add("db", &db, {.value = "FILE", .help = "the log; may be open in a server", .required = true})
        .Add("report", &report, {.value = "FILE", .help = "writes the report as JSON"})
        .Add("holdout", &holdout,
             {.value = "F",
              .help = "share of the decisions to leave out, for judging the release",
              .range = Between(0, 0.99)})
        .Add("seed", &seed, {.value = "N", .help = "of the draw of what is left out", .range = AtLeast(0)})
        .Add("effective-size", &effective_size,
             {.value = "N",
              .help = "observations a tier that the prior statistics count as, at most; 0: nightly.effective_size",
              .range = AtLeast(0)})
        .Add("strong-share", &strong_share,
             {.value = "F",
              .help = "policy threshold: share of strong calls to set alpha for; without it, the present share is kept",
              .range = Between(0, 1)})
        .Add("note", &note, {.value = "TEXT", .help = "kept with the release"})
        .Add("threads", &threads, {.value = "N", .help = "to fit with", .range = AtLeast(1)});
    return flags.Parse(args, io);
  }
};

struct Saved {
  int64_t number = 0;
  RefitReport report;
  ConfigOverrides overrides;
};

absl::StatusOr<Saved> FitAndSave(const RefitFlags& flags, const Config& config, Io& io) {
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log, OpenSqliteLogForReading(flags.db));
  RefitOptions options{
      .holdout = flags.holdout,
      .holdout_seed = static_cast<uint64_t>(flags.seed),
      .effective_size = flags.effective_size > 0 ? flags.effective_size : config.nightly.effective_size,
      .threads = flags.threads};
  if (flags.strong_share >= 0) options.strong_share = flags.strong_share;
  SUFFICE_ASSIGN_OR_RETURN(const LogEnd end, ReadLogEnd(flags.db));
  options.end = end.events;
  options.decision_seq = end.decision_seq;
  SUFFICE_ASSIGN_OR_RETURN(const int64_t parent, ReleaseInForce(*log));
  ProgressBar progress(io, "refit");
  options.progress = [&progress](double fraction) { progress.Show(fraction); };
  SUFFICE_ASSIGN_OR_RETURN(Refitted refitted, Refit(*log, config, {}, options));
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<ReleaseStore> store, ReleaseStore::Open(flags.db));
  Saved saved{.report = std::move(refitted.report), .overrides = refitted.release.overrides};
  SUFFICE_ASSIGN_OR_RETURN(saved.number, store->Save({.time_us = Clock::System()->NowMicros(),
                                                      .parent = parent,
                                                      .kind = "refit",
                                                      .feature_version = refitted.release.features->version(),
                                                      .fit = EncodeFit(refitted.release),
                                                      .note = flags.note},
                                                     refitted.release.features->Serialize()));
  return saved;
}

void Print(const Saved& saved, const std::string& db, Io& io) {
  const RefitReport& report = saved.report;
  io.out << fmt::format("release {}: fitted on {} decisions and {} evaluations in {:.1f} s\n", saved.number,
                        report.decisions, report.evaluations, report.seconds);
  for (const RefitReport::Tier& tier : report.tiers) {
    io.out << fmt::format("  {:<20} {:>9.0f} labels, counting as {:.0f}; calibration error {:.4f} (before {:.4f})\n",
                          tier.tier, tier.labels, tier.effective_size, tier.calibration_error,
                          tier.calibration_error_before);
  }
  for (const std::string& note : report.notes) io.out << "  " << note << "\n";
  for (const std::string& override : saved.overrides) io.out << "  " << override << "\n";
  io.out << fmt::format("not in force yet: suffice promote --db {} --release {}\n", db, saved.number);
}

int Run(const std::vector<std::string>& args, Io& io) {
  RefitFlags flags;
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<Config> config = flags.config.Load();
  if (!config.ok()) return Fail(io, config.status());
  const absl::StatusOr<Saved> saved = FitAndSave(flags, *config, io);
  if (!saved.ok()) return Fail(io, saved.status());
  if (!flags.report.empty()) {
    if (const absl::Status written = WriteFileWhole(flags.report, RefitReportToJson(saved->report) + "\n");
        !written.ok()) {
      return Fail(io, written);
    }
  }
  Print(*saved, flags.db, io);
  return kExitOk;
}

}  // namespace

Command RefitCommand() { return {"refit", kSummary, Run}; }

}  // namespace suffice
