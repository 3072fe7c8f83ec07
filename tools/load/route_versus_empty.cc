#include "route_versus_empty.h"

#include <fmt/format.h>

#include <array>
#include <fstream>

#include "base/status_macros.h"
#include "closed_loop.h"
#include "connections.h"
#include "log_maker.h"
#include "open_loop.h"
#include "process_usage.h"
#include "route_load.h"
#include "servers.h"

namespace suffice::load {
namespace {

constexpr std::array<int, 3> kOutstanding = {16, 64, 256};
constexpr double kFixedRate = 10'000;
constexpr double kMostFailed = 0.001;  // of a run

// A server that is under load again and again.
struct Target {
  std::string name;
  Server server;
  std::unique_ptr<Connections> connections;
  CallMaker calls;
  int outstanding = 0;
  int64_t failed = 0;
};

Target MakeTarget(const World& world, std::string name, Server server) {
  Target target{.name = std::move(name), .server = std::move(server)};
  target.connections = std::make_unique<Connections>(target.server.address, kConnections);
  target.calls = RouteCalls(world.prompts, *target.connections);
  return target;
}

absl::Status CheckFailures(Target& target, const LoadResult& result) {
  target.failed += result.failed;
  const auto all = static_cast<double>(result.completed + result.failed);
  if (result.completed > 0 && static_cast<double>(result.failed) <= kMostFailed * all) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("{}: {} requests of {} failed", target.name, result.failed, result.completed + result.failed));
}

struct AtSaturation {
  double per_second = 0;
  double cpu_us = 0;
};

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

absl::StatusOr<OpenLoopRun> RunAt(Target& target, double per_second, const Sizes& sizes) {
  const LoadResult result =
      RunOpenLoop(target.calls, {.per_second = per_second, .warmup_s = sizes.warmup_s, .seconds = sizes.run_s});
  SUFFICE_RETURN_IF_ERROR(CheckFailures(target, result));
  return OpenLoopRun{.per_second = per_second,
                     .reached = result.PerSecond(),
                     .p50_us = result.Micros(50),
                     .p90_us = result.Micros(90),
                     .p99_us = result.Micros(99),
                     .p999_us = result.Micros(99.9)};
}

// Both by turns; in odd rounds the empty server goes first.
absl::StatusOr<Pair> RunBothAt(Target& route, Target& empty, double per_second, const Sizes& sizes, int round) {
  Pair pair;
  for (int turn = 0; turn < 2; ++turn) {
    const bool is_route = (turn + round) % 2 == 0;
    SUFFICE_ASSIGN_OR_RETURN((is_route ? pair.route : pair.empty),
                             RunAt(is_route ? route : empty, per_second, sizes));
  }
  return pair;
}

absl::Status MeasureSaturation(Target& route, Target& empty, const Sizes& sizes, RouteVersusEmpty& out) {
  SUFFICE_RETURN_IF_ERROR(FindOutstanding(route, sizes));
  SUFFICE_RETURN_IF_ERROR(FindOutstanding(empty, sizes));
  std::vector<double> rates[2], cpus[2], ratios, added;
  for (int round = 0; round < sizes.rounds; ++round) {
    AtSaturation runs[2];
    for (int turn = 0; turn < 2; ++turn) {
      const int which = (turn + round) % 2;
      Target& target = which == 0 ? route : empty;
      SUFFICE_ASSIGN_OR_RETURN(runs[which], Saturate(target, target.outstanding, sizes.warmup_s, sizes.run_s));
      rates[which].push_back(runs[which].per_second);
      cpus[which].push_back(runs[which].cpu_us);
    }
    ratios.push_back(runs[0].per_second / runs[1].per_second);
    added.push_back(runs[0].cpu_us - runs[1].cpu_us);
  }
  out.route = {.outstanding = route.outstanding, .per_second = SpreadOf(rates[0]), .cpu_us = SpreadOf(cpus[0])};
  out.empty = {.outstanding = empty.outstanding, .per_second = SpreadOf(rates[1]), .cpu_us = SpreadOf(cpus[1])};
  out.throughput_ratio = SpreadOf(ratios);
  out.cpu_added_us = SpreadOf(added);
  return absl::OkStatus();
}

absl::Status MeasureLatency(Target& route, Target& empty, const Sizes& sizes, RouteVersusEmpty& out) {
  out.half_per_second = out.route.per_second.median / 2;
  std::vector<double> p50s, p99s;
  for (int round = 0; round < sizes.rounds; ++round) {
    SUFFICE_ASSIGN_OR_RETURN(const Pair pair, RunBothAt(route, empty, out.half_per_second, sizes, round));
    p50s.push_back(pair.route.p50_us / pair.empty.p50_us);
    p99s.push_back(pair.route.p99_us / pair.empty.p99_us);
    out.half.push_back(pair);
  }
  out.p50_ratio = SpreadOf(p50s);
  out.p99_ratio = SpreadOf(p99s);
  for (int round = 0; round < sizes.rounds; ++round) {
    SUFFICE_ASSIGN_OR_RETURN(const Pair pair, RunBothAt(route, empty, kFixedRate, sizes, round));
    out.at_10000.push_back(pair);
  }
  for (size_t i = 0; i < sizes.load_points.size(); ++i) {
    const double rate = sizes.load_points[i] * out.route.per_second.median;
    SUFFICE_ASSIGN_OR_RETURN(const Pair pair, RunBothAt(route, empty, rate, sizes, static_cast<int>(i)));
    out.by_load.push_back(pair);
  }
  return absl::OkStatus();
}

// One answer of the real server, for the empty one to give again and again.
absl::StatusOr<int64_t> SaveAnswer(const World& world, const Target& route, const std::string& path) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::RouteRequest request;
  request.set_prompt(world.prompts[0]);
  v1::RouteResponse answer;
  const grpc::Status status = route.connections->stub(0)->Route(&context, request, &answer);
  if (!status.ok()) return absl::UnavailableError(fmt::format("{}: {}", route.name, status.error_message()));
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!answer.SerializeToOstream(&file)) return absl::UnavailableError(fmt::format("cannot write {}", path));
  return static_cast<int64_t>(answer.ByteSizeLong());
}

}  // namespace

absl::StatusOr<RouteVersusEmpty> MeasureRoute(const World& world, const Sizes& sizes) {
  const std::string database = world.Path("route.db"), answer = world.Path("answer.pb");
  SUFFICE_RETURN_IF_ERROR(
      MakeLog(world, database, {.decisions = sizes.warm_decisions, .outcomes = true, .feedbacks = true}).status());
  RouteVersusEmpty out;
  SUFFICE_ASSIGN_OR_RETURN(Server router, StartRouter(world, database));
  Target route = MakeTarget(world, "suffice serve", std::move(router));
  SUFFICE_ASSIGN_OR_RETURN(out.answer_bytes, SaveAnswer(world, route, answer));
  SUFFICE_ASSIGN_OR_RETURN(Server baseline, StartEmpty(world, answer));
  Target empty = MakeTarget(world, "empty server", std::move(baseline));
  SUFFICE_RETURN_IF_ERROR(MeasureSaturation(route, empty, sizes, out));
  SUFFICE_RETURN_IF_ERROR(MeasureLatency(route, empty, sizes, out));
  out.failed = route.failed + empty.failed;
  // The server waits in its drain for connections that nobody reads.
  route.calls = nullptr;
  route.connections.reset();
  SUFFICE_RETURN_IF_ERROR(StopRouter(route.server));
  return out;
}

}  // namespace suffice::load
