#include "feedback_rates.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/status_macros.h"
#include "closed_loop.h"
#include "connections.h"
#include "log_maker.h"
#include "nanos.h"
#include "route_load.h"
#include "servers.h"

namespace suffice::load {
namespace {

constexpr int kOutstanding = 256;
constexpr double kPatience_s = 10;
constexpr int kDecisionsPerUnarySecond = 20'000;  // more feedback than that begins again with the first decision

struct Context : grpc::ClientContext {
  Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60)); }
};

absl::Status ToStatus(const grpc::Status& status) {
  return status.ok() ? absl::OkStatus() : absl::UnavailableError(fmt::format("feedback: {}", status.error_message()));
}

// Feedback for one decision after the other, each with an id of its own.
class Feedbacks {
 public:
  explicit Feedbacks(std::vector<DecisionId> ids) : ids_(std::move(ids)) {}
  v1::FeedbackRequest Next() {
    v1::FeedbackRequest request;
    request.set_feedback_id(fmt::format("f{}", next_));
    request.set_decision_id(ids_[next_ % ids_.size()].ToString());
    request.set_reward(next_ % 4 == 0 ? 0.0 : 1.0);
    ++next_;
    return request;
  }

 private:
  std::vector<DecisionId> ids_;
  size_t next_ = 0;
};

absl::StatusOr<double> StreamOnce(v1::RouterService::Stub& stub, Feedbacks& feedbacks, int count) {
  std::vector<v1::FeedbackStreamRequest> items(static_cast<size_t>(count));
  for (auto& item : items) *item.mutable_feedback() = feedbacks.Next();
  Context context;
  v1::FeedbackStreamResponse answer;
  const int64_t start = NowNanos();
  const auto writer = stub.FeedbackStream(&context, &answer);
  for (const auto& item : items) {
    if (!writer->Write(item)) break;
  }
  writer->WritesDone();
  SUFFICE_RETURN_IF_ERROR(ToStatus(writer->Finish()));
  const double seconds = Seconds(NowNanos() - start);
  if (answer.accepted() != count) {
    return absl::UnavailableError(fmt::format("feedback: {} of a stream's {} items were accepted", answer.accepted(), count));
  }
  return count / seconds;
}

absl::StatusOr<double> UnaryFor(const Connections& connections, Feedbacks& feedbacks, double seconds) {
  size_t made = 0;
  const auto next = [&feedbacks] { return feedbacks.Next(); };
  ClosedLoop loop(
      [&] { return MakeUnaryCall(connections.stub(made++), &v1::RouterService::Stub::AsyncFeedback, next); }, kOutstanding);
  loop.RunFor(seconds / 4);
  const LoadResult result = loop.RunFor(seconds);
  if (result.failed > 0) return absl::UnavailableError(fmt::format("feedback: {} of {} failed", result.failed, result.completed));
  return result.PerSecond();
}

absl::StatusOr<int64_t> SnapshotNumber(v1::RouterService::Stub& stub) {
  Context context;
  v1::GetStatusResponse status;
  SUFFICE_RETURN_IF_ERROR(ToStatus(stub.GetStatus(&context, {}, &status)));
  return status.snapshot();
}

// A number that lasts longer than a snapshot and a poll for promotions may be apart.
absl::StatusOr<int64_t> SettledSnapshot(v1::RouterService::Stub& stub) {
  constexpr auto kQuiet = std::chrono::milliseconds(400);
  int64_t number = -1;
  for (;;) {
    SUFFICE_ASSIGN_OR_RETURN(const int64_t now, SnapshotNumber(stub));
    if (now == number) return number;
    number = now;
    std::this_thread::sleep_for(kQuiet);
  }
}

// Nothing else is recorded meanwhile, so the next snapshot is the one with this feedback in it.
absl::StatusOr<int64_t> InfluenceNanos(v1::RouterService::Stub& stub, Feedbacks& feedbacks) {
  SUFFICE_ASSIGN_OR_RETURN(const int64_t before, SnapshotNumber(stub));
  Context context;
  v1::FeedbackResponse answer;
  SUFFICE_RETURN_IF_ERROR(ToStatus(stub.Feedback(&context, feedbacks.Next(), &answer)));
  const int64_t acknowledged = NowNanos();
  for (;;) {
    SUFFICE_ASSIGN_OR_RETURN(const int64_t number, SnapshotNumber(stub));
    const int64_t passed = NowNanos() - acknowledged;
    if (number > before) return passed;
    if (Seconds(passed) > kPatience_s) return absl::DeadlineExceededError("feedback: no new snapshot came");
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

}  // namespace

absl::StatusOr<FeedbackRates> MeasureFeedback(const World& world, const Sizes& sizes) {
  const std::string database = world.Path("feedback.db");
  const int each_round = sizes.stream_feedbacks + static_cast<int>(kDecisionsPerUnarySecond * sizes.unary_s);
  SUFFICE_ASSIGN_OR_RETURN(std::vector<DecisionId> ids, MakeLog(world, database, {.decisions = sizes.rounds * each_round}));
  Feedbacks feedbacks(std::move(ids));
  SUFFICE_ASSIGN_OR_RETURN(Server server, StartRouter(world, database));
  FeedbackRates out{.outstanding = kOutstanding};
  {
    const Connections connections(server.address, kConnections);
    v1::RouterService::Stub& stub = *connections.stub(0);
    std::vector<double> stream, unary;
    for (int round = 0; round < sizes.rounds; ++round) {
      SUFFICE_ASSIGN_OR_RETURN(const double streamed, StreamOnce(stub, feedbacks, sizes.stream_feedbacks));
      SUFFICE_ASSIGN_OR_RETURN(const double one_by_one, UnaryFor(connections, feedbacks, sizes.unary_s));
      stream.push_back(streamed);
      unary.push_back(one_by_one);
    }
    out.stream_per_s = SpreadOf(stream);
    out.unary_per_s = SpreadOf(unary);
    SUFFICE_RETURN_IF_ERROR(SettledSnapshot(stub).status());
    for (int i = 0; i < sizes.influences; ++i) {
      SUFFICE_ASSIGN_OR_RETURN(const int64_t nanos, InfluenceNanos(stub, feedbacks));
      out.influence_ns.Add(nanos);
    }
  }
  SUFFICE_RETURN_IF_ERROR(StopRouter(server));
  return out;
}

}  // namespace suffice::load
