// How long a decision takes in process, by its parts. Every call is timed by itself: besides the mean there are p50_us and
// p99_us, in microseconds.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "engine/benchmark/fitted_world.h"
#include "engine/decide.h"
#include "engine/row_policy.h"
#include "features/sketch.h"

namespace suffice {
namespace {

constexpr int kTiers = 4;
constexpr int kPrompts = 512;
constexpr uint64_t kSalt = 4;

// Fitted once for each pair.
const Snapshot& SnapshotOf(PolicyKind policy, int dimensions) {
  static std::map<std::pair<PolicyKind, int>, SnapshotPtr> made;
  SnapshotPtr& snapshot = made[{policy, dimensions}];
  if (snapshot == nullptr) snapshot = MakeFittedSnapshot(MakeFittedConfig(kTiers, policy), dimensions);
  return *snapshot;
}

std::vector<RouteRequest> RequestsOf(size_t bytes) {
  std::vector<RouteRequest> requests;
  for (std::string& prompt : MakePrompts(kPrompts, bytes, /*seed=*/2)) {
    RouteRequest request;
    request.prompt = std::move(prompt);
    request.tenant = "acme";
    requests.push_back(std::move(request));
  }
  return requests;
}

// Calls `call(i)` with i = 0, 1, ...
template <typename Call>
void TimeEach(benchmark::State& state, const Call& call) {
  for (size_t i = 0; i < kPrompts; ++i) call(i);
  std::vector<double> us;
  size_t i = 0;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    call(i++);
    us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(us.begin(), us.end());
  state.counters["p50_us"] = us[us.size() / 2];
  state.counters["p99_us"] = us[us.size() * 99 / 100];
}

void Sketching(benchmark::State& state) {
  const std::vector<RouteRequest> requests = RequestsOf(static_cast<size_t>(state.range(0)));
  Sketch sketch;
  TimeEach(state, [&](size_t i) { SketchText(requests[i % kPrompts].prompt, kSalt, sketch); });
}

void Projecting(benchmark::State& state) {
  const Snapshot& snapshot = SnapshotOf(PolicyKind::kThompson, static_cast<int>(state.range(1)));
  std::vector<Sketch> sketches(kPrompts);
  const std::vector<RouteRequest> requests = RequestsOf(static_cast<size_t>(state.range(0)));
  for (size_t i = 0; i < kPrompts; ++i) SketchText(requests[i].prompt, kSalt, sketches[i]);
  std::vector<float> x(static_cast<size_t>(snapshot.features->dimensions()));
  TimeEach(state, [&](size_t i) { snapshot.features->Compute(sketches[i % kPrompts], x); });
}

void PredictingAllTiers(benchmark::State& state) {
  const Snapshot& snapshot = SnapshotOf(PolicyKind::kThompson, static_cast<int>(state.range(0)));
  std::vector<float> x(static_cast<size_t>(snapshot.features->dimensions()), 0.3F);
  TimeEach(state, [&](size_t i) {
    x[1] = static_cast<float>(i % 7) / 7;
    for (const TierModel& model : snapshot.models) {
      benchmark::DoNotOptimize(model.Predict(x, 250, 0, snapshot.config->tiers[0].price));
    }
  });
}

DecideContext ContextOf(DecisionIdGenerator& ids) {
  return {.id = ids.Next(1'000'000), .time_us = 1'000'000, .seed = 9, .salt = kSalt};
}

void Deciding(benchmark::State& state, PolicyKind policy) {
  const Snapshot& snapshot = SnapshotOf(policy, static_cast<int>(state.range(1)));
  const std::vector<RouteRequest> requests = RequestsOf(static_cast<size_t>(state.range(0)));
  DecisionIdGenerator ids(3);
  Consideration consideration;
  TimeEach(state, [&](size_t i) {
    const RouteRequest& request = requests[i % kPrompts];
    benchmark::DoNotOptimize(Consider(snapshot, request, ContextOf(ids), consideration).ok());
    benchmark::DoNotOptimize(Choose(snapshot, request, consideration).ok());
  });
}

void ScoringAndDrawing(benchmark::State& state, PolicyKind policy) {
  const Snapshot& snapshot = SnapshotOf(policy, static_cast<int>(state.range(0)));
  DecisionIdGenerator ids(3);
  std::vector<DecisionRecord> rows;
  for (const RouteRequest& request : RequestsOf(1024)) rows.push_back(*Decide(snapshot, request, ContextOf(ids)));
  TimeEach(state, [&](size_t i) {
    DecisionRecord& row = rows[i % kPrompts];
    benchmark::DoNotOptimize(
        RunPolicy(snapshot.config->policy, row.multipliers, DrawNumber(row.id, row.seed), row.tiers));
  });
}

BENCHMARK(Sketching)->Arg(1024)->Arg(8192)->ArgName("bytes");
BENCHMARK(Projecting)->Args({1024, 64})->Args({8192, 64})->ArgNames({"bytes", "d"});
BENCHMARK(PredictingAllTiers)->Arg(64)->Arg(128)->ArgName("d");
BENCHMARK_CAPTURE(Deciding, thompson, PolicyKind::kThompson)->Args({1024, 64})->Args({8192, 64})->ArgNames({"bytes", "d"});
BENCHMARK_CAPTURE(Deciding, linucb, PolicyKind::kLinUcb)->Args({1024, 64})->ArgNames({"bytes", "d"});
BENCHMARK_CAPTURE(Deciding, igw, PolicyKind::kIgw)->Args({1024, 64})->ArgNames({"bytes", "d"});
BENCHMARK_CAPTURE(ScoringAndDrawing, thompson, PolicyKind::kThompson)->Arg(128)->ArgName("d");
BENCHMARK_CAPTURE(ScoringAndDrawing, linucb, PolicyKind::kLinUcb)->Arg(128)->ArgName("d");
BENCHMARK_CAPTURE(ScoringAndDrawing, igw, PolicyKind::kIgw)->Arg(128)->ArgName("d");

}  // namespace
}  // namespace suffice

BENCHMARK_MAIN();
