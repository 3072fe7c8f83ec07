#include "service/router_service.h"

#include <string>
#include <utility>

#include "base/label.h"
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

void Record(Engine* engine, const Caller& caller, const v1::OutcomeRequest& request, Engine::RecordDone done) {
  auto outcome = FromProto(request);
  if (!outcome.ok()) return done(outcome.status());
  if (absl::Status bound = caller.BindTenant(outcome->tenant); !bound.ok()) return done(std::move(bound));
  engine->RecordOutcome(*outcome, std::move(done));
}

void Record(Engine* engine, const Caller& caller, const v1::FeedbackRequest& request, Engine::RecordDone done) {
  auto feedback = FromProto(request);
  if (!feedback.ok()) return done(feedback.status());
  if (absl::Status bound = caller.BindTenant(feedback->tenant); !bound.ok()) return done(std::move(bound));
  feedback->sender = caller.KeyName();
  engine->RecordFeedback(*feedback, std::move(done));
}

// An item of a stream is a request of the stream's key.
template <typename Request>
void RecordItem(Engine* engine, const Caller& caller, const Request& request, Engine::RecordDone done) {
  if (absl::Status taken = caller.TakeToken(); !taken.ok()) return done(std::move(taken));
  Record(engine, caller, request, std::move(done));
}

}  // namespace

RouterService::RouterService(Admission* admission, PeerBytes* finished)
    : admission_(admission), finished_(finished), readers_(kReaderThreads, kReaderQueue) {
  SetMessageAllocatorFor_Route(&route_messages_);
  SetMessageAllocatorFor_Outcome(&outcome_messages_);
  SetMessageAllocatorFor_Feedback(&feedback_messages_);
}

absl::StatusOr<RouterService::Entered> RouterService::Enter(const grpc::CallbackServerContext& context,
                                                            unsigned scopes) const {
  SUFFICE_ASSIGN_OR_RETURN(Caller caller, admission_->Admit(context, scopes));
  Engine* const engine = engine_.load(std::memory_order_acquire);
  if (engine == nullptr) return StartingError();
  return Entered{engine, std::move(caller)};
}

absl::StatusOr<RouterService::Entered> RouterService::Enter(const grpc::CallbackServerContext& context,
                                                            unsigned scopes, InFlight::Kind kind) const {
  SUFFICE_ASSIGN_OR_RETURN(Entered entered, Enter(context, scopes));
  SUFFICE_RETURN_IF_ERROR(admission_->in_flight().Enter(kind));
  return entered;
}

grpc::ServerUnaryReactor* RouterService::Route(grpc::CallbackServerContext* context, const v1::RouteRequest* request,
                                               v1::RouteResponse* response) {
  auto* reactor = context->DefaultReactor();
  finished_->AddMessage(context->peer(), request->ByteSizeLong());
  const auto entered = Enter(*context, kRouteScope, InFlight::Kind::kRoute);
  if (!entered.ok()) return Finish(reactor, entered.status());
  const auto finish = [this, reactor](const absl::Status& status) {
    admission_->in_flight().Leave(InFlight::Kind::kRoute);
    Finish(reactor, status);
  };
  absl::StatusOr<RouteRequest> parsed = FromProto(*request);
  const absl::Status refused = parsed.ok() ? entered->caller.BindTenant(parsed->tenant) : parsed.status();
  if (!refused.ok()) {
    finish(refused);
    return reactor;
  }
  entered->engine->Route(*parsed, [finish, response](const absl::StatusOr<Decision>& decision) {
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
  finished_->AddMessage(context->peer(), request->ByteSizeLong());
  const auto entered = Enter(*context, kFeedbackScope, InFlight::Kind::kRecord);
  if (!entered.ok()) return Finish(reactor, entered.status());
  Record(entered->engine, entered->caller, *request, [this, reactor, request, response](absl::StatusOr<Receipt> receipt) {
    if (receipt.ok()) response->set_duplicate(receipt->duplicate);
    admission_->in_flight().Leave(InFlight::Kind::kRecord);
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

// `record` of an item: the message within it.
template <typename Item, typename Response, typename Request>
grpc::ServerReadReactor<Item>* RouterService::RecordAll(grpc::CallbackServerContext* context, Response* response,
                                                        const Request& (Item::*record)() const) {
  const auto entered = Enter(*context, kFeedbackScope);
  if (!entered.ok()) return new RefusedStream<Item>(entered.status());
  return new RecordStream<Item, Response>(
      response, admission_, entered->caller,
      [entered = *entered, finished = finished_, peer = context->peer(), record](const Item& item,
                                                                                 Engine::RecordDone done) {
        finished->AddMessage(peer, item.ByteSizeLong());
        RecordItem(entered.engine, entered.caller, (item.*record)(), std::move(done));
      });
}

grpc::ServerReadReactor<v1::OutcomeStreamRequest>* RouterService::OutcomeStream(grpc::CallbackServerContext* context,
                                                                                v1::OutcomeStreamResponse* response) {
  return RecordAll(context, response, &v1::OutcomeStreamRequest::outcome);
}

grpc::ServerReadReactor<v1::FeedbackStreamRequest>* RouterService::FeedbackStream(
    grpc::CallbackServerContext* context, v1::FeedbackStreamResponse* response) {
  return RecordAll(context, response, &v1::FeedbackStreamRequest::feedback);
}

grpc::ServerUnaryReactor* RouterService::Explain(grpc::CallbackServerContext* context,
                                                 const v1::ExplainRequest* request, v1::ExplainResponse* response) {
  auto* reactor = context->DefaultReactor();
  finished_->AddMessage(context->peer(), request->ByteSizeLong());
  const auto entered = Enter(*context, kRouteScope | kAdminScope);
  if (!entered.ok()) return Finish(reactor, entered.status());
  const auto explain = [entered = *entered, context, request, response]() -> absl::Status {
    if (context->IsCancelled()) return absl::CancelledError("the caller gave up");
    SUFFICE_RETURN_IF_ERROR(CheckLabel("tenant", request->tenant()));
    SUFFICE_ASSIGN_OR_RETURN(const DecisionId id, ParseDecisionId(request->decision_id()));
    std::string tenant = request->tenant();
    SUFFICE_RETURN_IF_ERROR(entered.caller.BindTenant(tenant));
    SUFFICE_ASSIGN_OR_RETURN(const Explanation explanation, entered.engine->Explain(id, tenant));
    ToProto(explanation, response);
    return absl::OkStatus();
  };
  if (!readers_.TrySubmit([reactor, request, explain] { Finish(reactor, explain(), request->decision_id()); })) {
    return Finish(reactor, BusyError());
  }
  return reactor;
}

grpc::ServerUnaryReactor* RouterService::GetStatus(grpc::CallbackServerContext* context,
                                                   const v1::GetStatusRequest* request,
                                                   v1::GetStatusResponse* response) {
  auto* reactor = context->DefaultReactor();
  finished_->AddMessage(context->peer(), request->ByteSizeLong());
  const auto entered = Enter(*context, kAdminScope);
  if (!entered.ok()) return Finish(reactor, entered.status());
  ToProto(entered->engine->Status(), response);
  return Finish(reactor, absl::OkStatus());
}

}  // namespace suffice
