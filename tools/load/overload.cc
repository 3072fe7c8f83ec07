#include "overload.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/status_macros.h"
#include "log/sqlite.h"
#include "log_maker.h"
#include "open_loop.h"
#include "route_load.h"
#include "target.h"

namespace suffice::load {
namespace {

constexpr double kTimesSaturation = 3;
// As many clients have, each with its own connection, which do not wait longer for a router than this.
constexpr int kClients = 16;
constexpr int kOutstandingEach = 128;
constexpr std::chrono::milliseconds kDeadline(1000);
constexpr double kLongestStandstill_s = 2;  // well within what the log's writer waits for a lock

void Add(const OverloadResult& run, OverloadResult& all) {
  all.answered += run.answered;
  all.refused += run.refused;
  all.expired += run.expired;
  all.failed += run.failed;
  all.unsent += run.unsent;
  all.answer_ns.Merge(run.answer_ns);
  all.refusal_ns.Merge(run.refusal_ns);
  all.seconds += run.seconds;
}

absl::Status MeasureRoutes(const World& world, const Sizes& sizes, Target& target, Overload& out) {
  const Connections connections(target.server.address, kClients);
  const CallMaker calls = RouteCalls(world.prompts, connections, kDeadline);
  std::vector<double> peaks, ratios;
  for (int round = 0; round < sizes.rounds; ++round) {
    SUFFICE_ASSIGN_OR_RETURN(const AtSaturation peak, Saturate(target, target.outstanding, sizes.warmup_s, sizes.run_s));
    const OverloadResult run = RunOverload(calls, {.per_second = kTimesSaturation * peak.per_second,
                                                   .warmup_s = sizes.warmup_s,
                                                   .seconds = sizes.run_s,
                                                   .max_outstanding = out.outstanding});
    peaks.push_back(peak.per_second);
    ratios.push_back(run.PerSecond() / peak.per_second);
    Add(run, out.route);
  }
  out.peak_per_second = SpreadOf(peaks);
  out.goodput_ratio = SpreadOf(ratios);
  return absl::OkStatus();
}

// Feedback for one decision after the other.
CallMaker FeedbackCalls(const std::vector<DecisionId>& decisions, const Connections& connections) {
  struct Cursor {
    size_t next = 0, made = 0;
  };
  const auto cursor = std::make_shared<Cursor>();
  return [cursor, &decisions, &connections] {
    const auto next = [cursor, &decisions] {
      v1::FeedbackRequest request;
      request.set_feedback_id(fmt::format("overload-{}", cursor->next));
      request.set_decision_id(decisions[cursor->next++ % decisions.size()].ToString());
      request.set_reward(1);
      return request;
    };
    return MakeUnaryCall(connections.stub(cursor->made++), &v1::RouterService::Stub::AsyncFeedback, next);
  };
}

absl::Status MeasureRecords(const Sizes& sizes, const std::string& database,
                            const std::vector<DecisionId>& decisions, Target& target, Overload& out) {
  SUFFICE_ASSIGN_OR_RETURN(Database other, Database::Open(database, Database::Access::kReadWriteCreate));
  SUFFICE_RETURN_IF_ERROR(other.Execute("PRAGMA busy_timeout = 5000"));
  const Connections connections(target.server.address, kClients);
  const double per_second = out.peak_per_second.median / 4, seconds = std::min(sizes.run_s, kLongestStandstill_s);
  std::optional<Transaction> lock(std::in_place, other, Transaction::Kind::kWrite);
  SUFFICE_RETURN_IF_ERROR(lock->status());
  LoadResult routes;
  std::thread route([&] { routes = RunOpenLoop(target.calls, {.per_second = per_second, .seconds = seconds}); });
  std::thread feedback([&] {
    out.records = RunOverload(FeedbackCalls(decisions, connections),
                              {.per_second = per_second, .seconds = seconds, .max_outstanding = out.outstanding});
  });
  route.join();
  lock.reset();  // what waits is answered
  feedback.join();
  out.route_p50_us = routes.Micros(50);
  out.route_p99_us = routes.Micros(99);
  out.route_failed = routes.failed;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Overload> MeasureOverload(const World& world, const Sizes& sizes) {
  const std::string database = world.Path("overload.db");
  SUFFICE_ASSIGN_OR_RETURN(
      const std::vector<DecisionId> decisions,
      MakeLog(world, database, {.decisions = sizes.warm_decisions, .outcomes = true, .feedbacks = true}));
  SUFFICE_ASSIGN_OR_RETURN(Server server, StartRouter(world, database));
  Target target = MakeTarget(world, "suffice serve", std::move(server));
  Overload out{.connections = kClients,
               .outstanding = kClients * kOutstandingEach,
               .deadline_s = std::chrono::duration<double>(kDeadline).count()};
  SUFFICE_RETURN_IF_ERROR(FindOutstanding(target, sizes));
  SUFFICE_RETURN_IF_ERROR(MeasureRoutes(world, sizes, target, out));
  SUFFICE_RETURN_IF_ERROR(MeasureRecords(sizes, database, decisions, target, out));
  SUFFICE_RETURN_IF_ERROR(StopTarget(target));
  return out;
}

}  // namespace suffice::load
