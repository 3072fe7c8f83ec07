#include "service/router_service.h"

#include <chrono>

#include "base/status_macros.h"
#include "service/convert.h"
#include "service/errors.h"
#include "service/record_stream.h"

namespace suffice {
namespace {

constexpr int kReaderThreads = 1;
constexpr size_t kReaderQueue = 64;

grpc::ServerUnaryReactor* Finish(grpc::ServerUnaryReactor* reactor, const absl::Status& status,
                                 std::string_view decision_id = {}) {
  reactor->Finish(ToGrpcStatus(status, decision_id));
  return reactor;
}

// A stream that is refused before its first item.
template <typename Request>
class RefusedStream final : public grpc::ServerReadReactor<Request> {
 public:
  explicit RefusedStream(const absl::Status& status) { this->Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

void Record(Engine* engine, const v1::OutcomeRequest& request, Engine::RecordDone done) {
  const auto outcome = FromProto(request);
  if (!outcome.ok()) return done(outcome.status());
  engine->RecordOutcome(*outcome, std::move(done));
}

void Record(Engine* engine, const v1::FeedbackRequest& request, Engine::RecordDone done) {
  const auto feedback = FromProto(request);
  if (!feedback.ok()) return done(feedback.status());
  engine->RecordFeedback(*feedback, std::move(done));
}

}  // namespace

RouterService::RouterService(int64_t max_in_flight)
    : in_flight_(max_in_flight), readers_(kReaderThreads, kReaderQueue) {}

absl::StatusOr<Engine*> RouterService::Enter(const grpc::CallbackServerContext& context) const {
  if (context.deadline() <= std::chrono::system_clock::now()) return DeadlineExpiredError();
  Engine* engine = engine_.load(std::memory_order_acquire);
  if (engine == nullptr) return StartingError();
  return engine;
}

absl::StatusOr<Engine*> RouterService::Enter(const grpc::CallbackServerContext& context, InFlight::Kind kind) {
  SUFFICE_ASSIGN_OR_RETURN(Engine* const engine, Enter(context));
  SUFFICE_RETURN_IF_ERROR(in_flight_.Enter(kind));
  return engine;
}

grpc::ServerUnaryReactor* RouterService::Route(grpc::CallbackServerContext* context, const v1::RouteRequest* request,
                                               v1::RouteResponse* response) {
  auto* reactor = context->DefaultReactor();
  const auto engine = Enter(*context, InFlight::Kind::kRoute);
  if (!engine.ok()) return Finish(reactor, engine.status());
  const auto finish = [this, reactor](const absl::Status& status) {
    in_flight_.Leave(InFlight::Kind::kRoute);
    Finish(reactor, status);
  };
  const absl::StatusOr<RouteRequest> parsed = FromProto(*request);
  if (!parsed.ok()) {
    finish(parsed.status());
    return reactor;
  }
  (*engine)->Route(*parsed, [finish, response](const absl::StatusOr<Decision>& decision) {
    if (!decision.ok()) return finish(WithProtoFieldNames(decision.status()));
    ToProto(*decision, response);
    finish(absl::OkStatus());
  });
  return reactor;
}

// The request lives until the reactor is finished, the reactor until then at least.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* RouterService::RecordOne(grpc::CallbackServerContext* context, const Request* request,
                                                   Response* response) {
  auto* reactor = context->DefaultReactor();
  const auto engine = Enter(*context, InFlight::Kind::kRecord);
  if (!engine.ok()) return Finish(reactor, engine.status());
  Record(*engine, *request, [this, reactor, request, response](absl::StatusOr<Receipt> receipt) {
    if (receipt.ok()) response->set_duplicate(receipt->duplicate);
    in_flight_.Leave(InFlight::Kind::kRecord);
    Finish(reactor, receipt.status(), request->decision_id());
  });
  return reactor;
}

grpc::ServerUnaryReactor* RouterService::Outcome(grpc::CallbackServerContext* context,
                                                 const v1::OutcomeRequest* request, v1::OutcomeResponse* response) {
  return RecordOne(context, request, response);
}

grpc::ServerUnaryReactor* RouterService::Feedback(grpc::CallbackServerContext* context,
                                                  const v1::FeedbackRequest* request, v1::FeedbackResponse* response) {
  return RecordOne(context, request, response);
}

grpc::ServerReadReactor<v1::OutcomeStreamRequest>* RouterService::OutcomeStream(grpc::CallbackServerContext* context,
                                                                                v1::OutcomeStreamResponse* response) {
  const auto engine = Enter(*context);
  if (!engine.ok()) return new RefusedStream<v1::OutcomeStreamRequest>(engine.status());
  return new RecordStream<v1::OutcomeStreamRequest, v1::OutcomeStreamResponse>(
      response, [engine = *engine](const v1::OutcomeStreamRequest& item, Engine::RecordDone done) {
        Record(engine, item.outcome(), std::move(done));
      });
}

grpc::ServerReadReactor<v1::FeedbackStreamRequest>* RouterService::FeedbackStream(
    grpc::CallbackServerContext* context, v1::FeedbackStreamResponse* response) {
  const auto engine = Enter(*context);
  if (!engine.ok()) return new RefusedStream<v1::FeedbackStreamRequest>(engine.status());
  return new RecordStream<v1::FeedbackStreamRequest, v1::FeedbackStreamResponse>(
      response, [engine = *engine](const v1::FeedbackStreamRequest& item, Engine::RecordDone done) {
        Record(engine, item.feedback(), std::move(done));
      });
}

grpc::ServerUnaryReactor* RouterService::Explain(grpc::CallbackServerContext* context,
                                                 const v1::ExplainRequest* request, v1::ExplainResponse* response) {
  auto* reactor = context->DefaultReactor();
  const auto engine = Enter(*context);
  if (!engine.ok()) return Finish(reactor, engine.status());
  const auto explain = [engine = *engine, context, request, response]() -> absl::Status {
    if (context->IsCancelled()) return absl::CancelledError("the caller gave up");
    SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", request->tenant()));
    SUFFICE_ASSIGN_OR_RETURN(const DecisionId id, ParseDecisionId(request->decision_id()));
    SUFFICE_ASSIGN_OR_RETURN(const Explanation explanation, engine->Explain(id, request->tenant()));
    ToProto(explanation, response);
    return absl::OkStatus();
  };
  if (!readers_.TrySubmit([reactor, request, explain] { Finish(reactor, explain(), request->decision_id()); })) {
    return Finish(reactor, BusyError());
  }
  return reactor;
}

grpc::ServerUnaryReactor* RouterService::GetStatus(grpc::CallbackServerContext* context, const v1::GetStatusRequest*,
                                                   v1::GetStatusResponse* response) {
  auto* reactor = context->DefaultReactor();
  const auto engine = Enter(*context);
  if (!engine.ok()) return Finish(reactor, engine.status());
  ToProto((*engine)->Status(), response);
  return Finish(reactor, absl::OkStatus());
}

}  // namespace suffice
