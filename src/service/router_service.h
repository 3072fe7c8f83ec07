// The rpcs of suffice.v1.RouterService over an Engine, with gRPC's callback API: nothing here blocks. Route is computed
// inline (microseconds, no I/O) and answers at once, or under hard budgets from the engine's completion; Outcome and
// Feedback answer from the engine's completion; Explain, which reads the log, goes to a small executor.
// Thread contract: thread-safe. The engine must outlive every call: stop the gRPC server first.
#pragma once

#include <atomic>

#include "absl/status/statusor.h"
#include "service/admission.h"
#include "service/bounded_executor.h"
#include "service/message_pool.h"
#include "service/peer_bytes.h"
#include "suffice/engine.h"
#include "suffice/v1/router.grpc.pb.h"

namespace suffice {

class RouterService final : public v1::RouterService::CallbackService {
 public:
  // Not owned. `finished` is told of every message.
  RouterService(Admission* admission, PeerBytes* finished);

  // Until then every call is UNAVAILABLE with reason STARTING. Does not take ownership.
  void Serve(Engine* engine) { engine_.store(engine, std::memory_order_release); }

  grpc::ServerUnaryReactor* Route(grpc::CallbackServerContext* context, const v1::RouteRequest* request,
                                  v1::RouteResponse* response) override;
  grpc::ServerUnaryReactor* Outcome(grpc::CallbackServerContext* context, const v1::OutcomeRequest* request,
                                    v1::OutcomeResponse* response) override;
  grpc::ServerUnaryReactor* Feedback(grpc::CallbackServerContext* context, const v1::FeedbackRequest* request,
                                     v1::FeedbackResponse* response) override;
  grpc::ServerReadReactor<v1::OutcomeStreamRequest>* OutcomeStream(grpc::CallbackServerContext* context,
                                                                   v1::OutcomeStreamResponse* response) override;
  grpc::ServerReadReactor<v1::FeedbackStreamRequest>* FeedbackStream(grpc::CallbackServerContext* context,
                                                                     v1::FeedbackStreamResponse* response) override;
  grpc::ServerUnaryReactor* Explain(grpc::CallbackServerContext* context, const v1::ExplainRequest* request,
                                    v1::ExplainResponse* response) override;
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context, const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;

 private:
  // What an rpc that was admitted works with.
  struct Entered {
    Engine* engine;
    Caller caller;
  };
  // Or why the call is refused at once.
  absl::StatusOr<Entered> Enter(const grpc::CallbackServerContext& context, unsigned scopes) const;
  // The same for an rpc that counts as in flight: where this succeeds, InFlight::Leave(kind) must follow.
  absl::StatusOr<Entered> Enter(const grpc::CallbackServerContext& context, unsigned scopes, InFlight::Kind kind) const;
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* RecordOne(grpc::CallbackServerContext* context, const Request* request,
                                      Response* response);
  template <typename Item, typename Response, typename Request>
  grpc::ServerReadReactor<Item>* RecordAll(grpc::CallbackServerContext* context, Response* response,
                                           const Request& (Item::*record)() const);

  MessagePool<v1::RouteRequest, v1::RouteResponse> route_messages_;
  MessagePool<v1::OutcomeRequest, v1::OutcomeResponse> outcome_messages_;
  MessagePool<v1::FeedbackRequest, v1::FeedbackResponse> feedback_messages_;
  std::atomic<Engine*> engine_{nullptr};
  Admission* const admission_;
  PeerBytes* const finished_;
  BoundedExecutor readers_;
};

}  // namespace suffice
