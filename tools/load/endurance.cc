#include "endurance.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/status_macros.h"
#include "decision_load.h"
#include "log_maker.h"
#include "nanos.h"
#include "open_loop.h"
#include "process_usage.h"
#include "spread.h"
#include "target.h"

namespace suffice::load {
namespace {

constexpr double kShareOfSaturation = 0.25;
constexpr double kMostBetweenSamples_s = 5;
constexpr int kSamples = 10;  // at least

int64_t MostBetween(const std::vector<ResidentAt>& samples, double from_s, double to_s) {
  int64_t most = 0;
  for (const ResidentAt& sample : samples) {
    if (sample.seconds >= from_s && sample.seconds <= to_s) most = std::max(most, sample.bytes);
  }
  return most;
}

}  // namespace

absl::StatusOr<Endurance> MeasureEndurance(const World& world, const Sizes& sizes) {
  Endurance out{.log_decisions = sizes.log_rows};
  SUFFICE_ASSIGN_OR_RETURN(const std::string database, LongLog(world, sizes.log_rows));
  SUFFICE_ASSIGN_OR_RETURN(Server server, StartRouter(world, database));
  Target target = MakeTarget(world, "suffice serve", std::move(server));
  SUFFICE_RETURN_IF_ERROR(FindOutstanding(target, sizes));
  SUFFICE_ASSIGN_OR_RETURN(const AtSaturation most, Saturate(target, target.outstanding, sizes.warmup_s, sizes.run_s));
  out.per_second = kShareOfSaturation * most.per_second;
  const CallMaker calls = DecisionCalls(world.prompts, *target.connections);
  const double step_s = std::min(kMostBetweenSamples_s, sizes.endurance_s / kSamples);
  std::vector<double> p99s;
  const auto sample = [&]() -> absl::Status {
    SUFFICE_ASSIGN_OR_RETURN(const int64_t bytes, AllResidentBytes(target.server.process->pid()));
    out.samples.push_back({out.seconds, bytes});
    return absl::OkStatus();
  };
  const int64_t start = NowNanos();
  SUFFICE_RETURN_IF_ERROR(sample());  // a step may last longer than what counts as the beginning
  while (out.seconds < sizes.endurance_s) {
    const LoadResult run = RunOpenLoop(calls, {.per_second = 2 * out.per_second, .seconds = step_s});
    if (run.completed == 0) return absl::UnavailableError(fmt::format("{}: no request was answered", target.name));
    out.answered += run.completed;
    out.failed += run.failed;  // refused while the writer is busy, perhaps: reported, not a reason to end a long run
    p99s.push_back(run.Micros(99));
    out.seconds = Seconds(NowNanos() - start);
    SUFFICE_RETURN_IF_ERROR(sample());
  }
  const double minute_s = std::min(60.0, std::max(out.seconds / 10, 1.5 * step_s));
  out.first_bytes = MostBetween(out.samples, 0, minute_s);
  out.last_bytes = MostBetween(out.samples, out.seconds - minute_s, out.seconds);
  out.most_bytes = MostBetween(out.samples, 0, out.seconds);
  out.p99_us = SpreadOf(p99s).median;
  SUFFICE_RETURN_IF_ERROR(StopTarget(target));
  return out;
}

}  // namespace suffice::load
