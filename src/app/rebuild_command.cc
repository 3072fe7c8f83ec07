#include <fmt/format.h>

#include "app/commands.h"
#include "app/config_flags.h"
#include "base/clock.h"
#include "base/status_macros.h"
#include "learner/learner.h"
#include "log/event_log.h"

namespace suffice {
namespace {

constexpr char kSummary[] = "folds a log from scratch and compares the newest kept statistics with it";
constexpr char kExample[] = "suffice rebuild --config policies/three_tiers.yaml --db suffice.db";
constexpr double kTolerance = 1e-9;  // relative to each sum's scale

struct Rebuilt {
  int64_t number = 0;  // of the snapshot that was compared; 0: none was kept
  double difference = 0;
  int64_t observations = 0;
};

absl::StatusOr<Rebuilt> Rebuild(const std::string& path, const Config& config, bool write) {
  SUFFICE_ASSIGN_OR_RETURN(const std::unique_ptr<EventLog> log,
                           OpenSqliteLog({.path = path, .durability = config.log.durability}));
  const auto shared = std::make_shared<const Config>(config);
  Rebuilt rebuilt;
  SUFFICE_ASSIGN_OR_RETURN(const std::optional<SnapshotRecord> newest, log->NewestSnapshotWithState());
  SUFFICE_ASSIGN_OR_RETURN(const int64_t release, ReleaseInForce(*log));
  SUFFICE_ASSIGN_OR_RETURN(Learner scratch, Learner::Begin(log.get(), shared, release));
  if (newest && newest->release == release && newest->feature_version == scratch.features()->version()) {
    SUFFICE_ASSIGN_OR_RETURN(const Learner kept, Learner::Resume(log.get(), shared));
    if (kept.cursor() != newest->cursor) {
      return absl::DataLossError(fmt::format("{}: the state of snapshot {} cannot be read", path, newest->number));
    }
    SUFFICE_RETURN_IF_ERROR(scratch.CatchUpFully(newest->cursor));
    rebuilt.number = newest->number;
    rebuilt.difference = RelativeDifference(kept.statistics(), scratch.statistics());
  }
  SUFFICE_RETURN_IF_ERROR(scratch.CatchUpFully());
  const SnapshotPtr snapshot = scratch.NextSnapshot();
  rebuilt.observations = static_cast<int64_t>(snapshot->observations + 0.5);
  if (write) {
    SUFFICE_ASSIGN_OR_RETURN(const int64_t last, log->NewestSnapshotNumber());
    SnapshotRecord record = scratch.RecordOf(*snapshot, Clock::System()->NowMicros(), /*with_state=*/true);
    record.number = last + 1;
    SUFFICE_RETURN_IF_ERROR(log->SaveConfig(snapshot->config_hash, ConfigToYaml(*snapshot->config)));
    SUFFICE_RETURN_IF_ERROR(log->SaveSnapshot(std::move(record)));
  }
  SUFFICE_RETURN_IF_ERROR(log->Close());
  return rebuilt;
}

int Run(const std::vector<std::string>& args, Io& io) {
  ConfigFlags config_flags;
  std::string db;
  bool write = false;
  Flags flags("rebuild",
              "Folds the whole log again and compares the result with the newest kept statistics, up to the same "
              "events. Exits with 1 "
              "when they differ by more than 1e-9. The log must not be open elsewhere.",
              kExample);
  config_flags.AddTo(flags);
  flags.Add("db", &db, {.value = "FILE", .help = "the log", .required = true})
      .Add("write", &write, {.help = "keep the rebuilt statistics as a new snapshot, to start from"});
  if (const std::optional<int> code = flags.Parse(args, io)) return *code;
  const absl::StatusOr<Config> config = config_flags.Load();
  if (!config.ok()) return Fail(io, config.status());
  const absl::StatusOr<Rebuilt> rebuilt = Rebuild(db, *config, write);
  if (!rebuilt.ok()) return Fail(io, rebuilt.status());
  if (rebuilt->number == 0) {
    io.out << fmt::format("rebuilt {} observations; no kept statistics to compare with\n", rebuilt->observations);
    return kExitOk;
  }
  const bool same = rebuilt->difference <= kTolerance;
  io.out << fmt::format("rebuilt {} observations; snapshot {} {} (relative difference {:.2g})\n", rebuilt->observations,
                        rebuilt->number, same ? "agrees" : "DIFFERS", rebuilt->difference);
  return same ? kExitOk : kExitFailure;
}

}  // namespace

Command RebuildCommand() { return {"rebuild", kSummary, Run}; }

}  // namespace suffice
