#include "route_versus_empty.h"

#include <fmt/format.h>

#include <fstream>

#include "base/status_macros.h"
#include "log_maker.h"
#include "open_loop.h"
#include "servers.h"
#include "target.h"

namespace suffice::load {
namespace {

constexpr double kFixedRate = 10'000;

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
  SUFFICE_RETURN_IF_ERROR(StopTarget(route));
  return out;
}

}  // namespace suffice::load
