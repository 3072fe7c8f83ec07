#include "target.h"

#include <fmt/format.h>

#include <array>

#include "base/status_macros.h"
#include "closed_loop.h"
#include "process_usage.h"
#include "route_load.h"

namespace suffice::load {
namespace {

constexpr std::array<int, 3> kOutstanding = {16, 64, 256};
constexpr double kMostFailed = 0.001;  // of a run

}  // namespace

Target MakeTarget(const World& world, std::string name, Server server) {
  Target target{.name = std::move(name), .server = std::move(server)};
  target.connections = std::make_unique<Connections>(target.server.address, kConnections);
  target.calls = RouteCalls(world.prompts, *target.connections);
  return target;
}

absl::Status StopTarget(Target& target) {
  target.calls = nullptr;
  target.connections.reset();
  return StopRouter(target.server);
}

absl::Status CheckFailures(Target& target, const LoadResult& result) {
  target.failed += result.failed;
  const auto all = static_cast<double>(result.completed + result.failed);
  if (result.completed > 0 && static_cast<double>(result.failed) <= kMostFailed * all) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("{}: {} requests of {} failed", target.name, result.failed, result.completed + result.failed));
}

absl::StatusOr<AtSaturation> Saturate(Target& target, int outstanding, double warmup_s, double run_s) {
  ClosedLoop loop(target.calls, outstanding);
  loop.RunFor(warmup_s);
  SUFFICE_ASSIGN_OR_RETURN(const int64_t before, CpuNanos(target.server.process->pid()));
  const LoadResult result = loop.RunFor(run_s);
  SUFFICE_ASSIGN_OR_RETURN(const int64_t after, CpuNanos(target.server.process->pid()));
  SUFFICE_RETURN_IF_ERROR(CheckFailures(target, result));
  return AtSaturation{.per_second = result.PerSecond(),
                      .cpu_us = static_cast<double>(after - before) / 1000 / static_cast<double>(result.completed)};
}

absl::Status FindOutstanding(Target& target, const Sizes& sizes) {
  double best = 0;
  for (const int outstanding : kOutstanding) {
    SUFFICE_ASSIGN_OR_RETURN(const AtSaturation run, Saturate(target, outstanding, sizes.warmup_s / 2, sizes.run_s / 2));
    if (run.per_second <= best) continue;
    best = run.per_second;
    target.outstanding = outstanding;
  }
  return absl::OkStatus();
}

}  // namespace suffice::load
