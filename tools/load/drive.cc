#include "drive.h"

#include <fmt/format.h>

#include "closed_loop.h"
#include "connections.h"
#include "open_loop.h"
#include "route_load.h"
#include "world.h"

namespace suffice::load {
namespace {

constexpr double kWarmup_s = 1;

LoadResult Run(const CallMaker& calls, const DriveOptions& options) {
  if (options.per_second > 0) {
    return RunOpenLoop(calls,
                       {.per_second = options.per_second, .warmup_s = kWarmup_s, .seconds = options.seconds});
  }
  ClosedLoop loop(calls, options.outstanding);
  loop.RunFor(kWarmup_s);
  return loop.RunFor(options.seconds);
}

}  // namespace

absl::StatusOr<std::string> Drive(const DriveOptions& options) {
  const Connections connections(options.address, kConnections);
  const LoadResult result = Run(RouteCalls(MakeBenchPrompts(), connections), options);
  if (result.completed == 0) {
    return absl::UnavailableError(fmt::format("{}: no request was answered, {} failed", options.address, result.failed));
  }
  std::string text = fmt::format("{:.0f} answered a second, {} failed\n", result.PerSecond(), result.failed);
  for (const double percent : {50.0, 90.0, 99.0, 99.9, 100.0}) {
    text += fmt::format("p{:<5} {:>10.0f} us\n", percent, result.Micros(percent));
  }
  return text;
}

}  // namespace suffice::load
