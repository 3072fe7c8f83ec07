#include "start_and_rebuild.h"

#include <algorithm>
#include <filesystem>

#include "base/status_macros.h"
#include "log_maker.h"
#include "nanos.h"
#include "process_usage.h"
#include "servers.h"

namespace suffice::load {
namespace {

constexpr double kRebuildPatience_s = 600;
constexpr int kMostRebuilds = 3;  // they take longest

// The database with what SQLite keeps beside it.
int64_t FileBytes(const std::string& database) {
  int64_t bytes = 0;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code none;
    const auto size = std::filesystem::file_size(database + suffix, none);
    if (!none) bytes += static_cast<int64_t>(size);
  }
  return bytes;
}

absl::StatusOr<double> RebuildSeconds(const World& world, const std::string& database) {
  const int64_t start = NowNanos();
  SUFFICE_ASSIGN_OR_RETURN(
      const auto rebuild,
      Child::Start({world.suffice, "rebuild", "--config", world.config_file, "--db", database}, world.Path("rebuild.txt")));
  SUFFICE_RETURN_IF_ERROR(rebuild->WaitForEnd(kRebuildPatience_s));
  return Seconds(NowNanos() - start);
}

}  // namespace

absl::StatusOr<StartAndRebuild> MeasureLongLog(const World& world, const Sizes& sizes) {
  StartAndRebuild out{.decisions = sizes.log_rows};
  const int64_t begin = NowNanos();
  SUFFICE_ASSIGN_OR_RETURN(const std::string database, LongLog(world, sizes.log_rows));
  out.made_per_s = sizes.log_rows / Seconds(NowNanos() - begin);
  out.bytes_per_decision = static_cast<double>(FileBytes(database)) / sizes.log_rows;
  std::vector<double> starts, rebuilds;
  for (int round = 0; round < sizes.rounds; ++round) {
    SUFFICE_ASSIGN_OR_RETURN(Server server, StartRouter(world, database));
    starts.push_back(server.start_s);
    SUFFICE_ASSIGN_OR_RETURN(out.resident_bytes, ResidentBytes(server.process->pid()));
    SUFFICE_RETURN_IF_ERROR(StopRouter(server));
  }
  for (int round = 0; round < std::min(sizes.rounds, kMostRebuilds); ++round) {
    SUFFICE_ASSIGN_OR_RETURN(const double seconds, RebuildSeconds(world, database));
    rebuilds.push_back(2 * sizes.log_rows / seconds);
  }
  out.start_s = SpreadOf(starts);
  out.rebuild_events_per_s = SpreadOf(rebuilds);
  return out;
}

}  // namespace suffice::load
