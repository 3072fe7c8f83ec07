#include "decision_times.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/ids.h"
#include "engine/benchmark/fitted_world.h"
#include "engine/decide.h"
#include "engine/row_policy.h"
#include "histogram.h"
#include "nanos.h"
#include "world.h"

namespace suffice::load {
namespace {

constexpr uint64_t kSalt = 4;
constexpr int kPrompts = 512;
constexpr int kScoreDimensions = 128;
constexpr std::array<int, 2> kBytes = {1024, 8192};

struct Case {
  int tiers = kTiers;
  int dimensions = kDimensions;
  int bytes = static_cast<int>(kPromptBytes);
};

std::vector<RouteRequest> RequestsOf(int bytes) {
  std::vector<RouteRequest> requests;
  for (std::string& prompt : MakePrompts(kPrompts, static_cast<size_t>(bytes), /*seed=*/2)) {
    RouteRequest request;
    request.prompt = std::move(prompt);
    request.tenant = "acme";
    requests.push_back(std::move(request));
  }
  return requests;
}

DecideContext ContextOf(DecisionIdGenerator& ids) {
  return {.id = ids.Next(1'000'000), .time_us = 1'000'000, .seed = 9, .salt = kSalt};
}

// These requests are good, and all tiers eligible.
void Require(bool ok) {
  if (ok) return;
  std::fputs("a decision failed\n", stderr);
  std::abort();
}

// Calls `call(i)` with i = 0, 1, ...; each is timed once every prompt was seen.
template <typename Call>
Times TimeEach(const Sizes& sizes, const Call& call) {
  for (size_t i = 0; i < kPrompts; ++i) call(i);
  std::vector<double> p50s, p99s;
  for (int round = 0; round < sizes.rounds; ++round) {
    Histogram ns;
    for (size_t i = 0; i < static_cast<size_t>(sizes.decisions); ++i) {
      const int64_t start = NowNanos();
      call(i);
      ns.Add(NowNanos() - start);
    }
    p50s.push_back(Micros(ns.Percentile(50)));
    p99s.push_back(Micros(ns.Percentile(99)));
  }
  return {SpreadOf(p50s), SpreadOf(p99s)};
}

Times TimeDecision(const Sizes& sizes, const Case& a) {
  const SnapshotPtr snapshot = MakeFittedSnapshot(MakeFittedConfig(a.tiers, PolicyKind::kThompson), a.dimensions);
  const std::vector<RouteRequest> requests = RequestsOf(a.bytes);
  DecisionIdGenerator ids(3);
  Consideration consideration;
  return TimeEach(sizes, [&](size_t i) {
    const RouteRequest& request = requests[i % kPrompts];
    Require(Consider(*snapshot, request, ContextOf(ids), consideration).ok());
    Require(Choose(*snapshot, request, consideration).ok());
  });
}

Times TimeScore(const Sizes& sizes) {
  const SnapshotPtr snapshot = MakeFittedSnapshot(MakeFittedConfig(kTiers, PolicyKind::kThompson), kScoreDimensions);
  DecisionIdGenerator ids(3);
  std::vector<DecisionRecord> rows;
  for (const RouteRequest& request : RequestsOf(static_cast<int>(kPromptBytes))) {
    auto row = Decide(*snapshot, request, ContextOf(ids));
    Require(row.ok());
    rows.push_back(*std::move(row));
  }
  return TimeEach(sizes, [&](size_t i) {
    DecisionRecord& row = rows[i % kPrompts];
    Require(RunPolicy(snapshot->config->policy, row.multipliers, DrawNumber(row.id, row.seed), row.tiers) >= 0);
  });
}

}  // namespace

DecisionTimes MeasureDecisions(const Sizes& sizes) {
  DecisionTimes out;
  out.decision = TimeDecision(sizes, {});
  out.score = TimeScore(sizes);
  for (const int bytes : kBytes) out.by_bytes.push_back({bytes, TimeDecision(sizes, {.bytes = bytes})});
  for (const int tiers : sizes.tiers) out.by_tiers.push_back({tiers, TimeDecision(sizes, {.tiers = tiers})});
  for (const int d : sizes.dimensions) out.by_dimensions.push_back({d, TimeDecision(sizes, {.dimensions = d})});
  return out;
}

}  // namespace suffice::load
