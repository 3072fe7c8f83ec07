#include "rows.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/status_macros.h"
#include "log_maker.h"
#include "open_loop.h"
#include "target.h"

namespace suffice::load {
namespace {

struct Percentiles {
  double p50_us = 0, p99_us = 0;
};

absl::StatusOr<Percentiles> RunAt(Target& target, double per_second, const Sizes& sizes) {
  const LoadResult result =
      RunOpenLoop(target.calls, {.per_second = per_second, .warmup_s = sizes.warmup_s, .seconds = sizes.run_s});
  SUFFICE_RETURN_IF_ERROR(CheckFailures(target, result));
  return Percentiles{.p50_us = result.Micros(50), .p99_us = result.Micros(99)};
}

// A server on a copy of `log`, as what it is asked adds rows.
absl::StatusOr<Target> StartOnCopy(const World& world, const std::string& log) {
  const std::string copy = world.Path("few.db");
  std::error_code error;
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(copy + suffix, error);
  std::filesystem::copy_file(log, copy, error);
  if (error) return absl::UnavailableError(fmt::format("cannot copy {}: {}", log, error.message()));
  SUFFICE_ASSIGN_OR_RETURN(Server server, StartRouter(world, copy));
  return MakeTarget(world, "the server with a short log", std::move(server));
}

}  // namespace

absl::StatusOr<RowsGrowth> MeasureRows(const World& world, const Sizes& sizes) {
  RowsGrowth out{.few = sizes.few_rows, .many = sizes.log_rows};
  const std::string short_log = world.Path("short.db");
  SUFFICE_RETURN_IF_ERROR(MakeLog(world, short_log, {.decisions = sizes.few_rows, .feedbacks = true}).status());
  SUFFICE_ASSIGN_OR_RETURN(const std::string long_log, LongLog(world, sizes.log_rows));
  SUFFICE_ASSIGN_OR_RETURN(Server many_server, StartRouter(world, long_log));
  Target many = MakeTarget(world, "the server with a long log", std::move(many_server));
  std::vector<double> few_p50s, few_p99s, many_p50s, many_p99s, p50_ratios, p99_ratios;
  for (int round = 0; round < sizes.row_rounds; ++round) {
    SUFFICE_ASSIGN_OR_RETURN(Target few, StartOnCopy(world, short_log));
    if (round == 0) {
      SUFFICE_RETURN_IF_ERROR(FindOutstanding(few, sizes));
      SUFFICE_ASSIGN_OR_RETURN(const AtSaturation most, Saturate(few, few.outstanding, sizes.warmup_s, sizes.run_s));
      out.per_second = most.per_second / 2;
    }
    Percentiles runs[2];
    for (int turn = 0; turn < 2; ++turn) {
      const int which = (turn + round) % 2;
      SUFFICE_ASSIGN_OR_RETURN(runs[which], RunAt(which == 0 ? few : many, out.per_second, sizes));
    }
    SUFFICE_RETURN_IF_ERROR(StopTarget(few));
    few_p50s.push_back(runs[0].p50_us);
    few_p99s.push_back(runs[0].p99_us);
    many_p50s.push_back(runs[1].p50_us);
    many_p99s.push_back(runs[1].p99_us);
    p50_ratios.push_back(runs[1].p50_us / runs[0].p50_us);
    p99_ratios.push_back(runs[1].p99_us / runs[0].p99_us);
  }
  out.few_p50_us = SpreadOf(few_p50s);
  out.few_p99_us = SpreadOf(few_p99s);
  out.many_p50_us = SpreadOf(many_p50s);
  out.many_p99_us = SpreadOf(many_p99s);
  out.p50_ratio = SpreadOf(p50_ratios);
  out.p99_ratio = SpreadOf(p99_ratios);
  SUFFICE_RETURN_IF_ERROR(StopTarget(many));
  return out;
}

}  // namespace suffice::load
