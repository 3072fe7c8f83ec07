// An rpc that a load generator makes again and again.
// Thread contract: a call is begun by one thread and, once its queue has given it back, read by one.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_unary_call.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "suffice/v1/router.grpc.pb.h"

namespace suffice::load {

// Deadlines of requests that nobody is expected to miss.
inline constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(30);

class Call {
 public:
  virtual ~Call() = default;
  // Sends the next request. `queue` gives back this call's address when it is answered; not before may it start again.
  virtual void Start(grpc::CompletionQueue& queue) = 0;
  const grpc::Status& status() const { return status_; }

  int64_t intended_ns = 0;  // when it should have been sent

 protected:
  grpc::Status status_;
};

// Makes the calls of one load. Their requests are built within Start.
using CallMaker = std::function<std::unique_ptr<Call>()>;

// `Next` gives the next request, as a value or as a reference that lives until the call is started. It is called by one
// thread at a time.
template <typename Request, typename Response, typename Next>
class UnaryCall final : public Call {
 public:
  using Stub = v1::RouterService::Stub;
  using Method = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*)(grpc::ClientContext*,
                                                                                     const Request&,
                                                                                     grpc::CompletionQueue*);

  UnaryCall(Stub* stub, Method method, Next next, std::chrono::milliseconds patience)
      : stub_(stub), method_(method), next_(std::move(next)), patience_(patience) {}

  void Start(grpc::CompletionQueue& queue) override {
    context_.emplace();
    context_->set_deadline(std::chrono::system_clock::now() + patience_);
    const Request& request = next_();
    reader_ = (stub_->*method_)(&*context_, request, &queue);
    reader_->Finish(&response_, &status_, static_cast<Call*>(this));
  }

 private:
  Stub* const stub_;
  const Method method_;
  Next next_;
  const std::chrono::milliseconds patience_;
  std::optional<grpc::ClientContext> context_;
  Response response_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader_;
};

template <typename Request, typename Response, typename Next>
std::unique_ptr<Call> MakeUnaryCall(
    v1::RouterService::Stub* stub,
    std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (v1::RouterService::Stub::*method)(
        grpc::ClientContext*, const Request&, grpc::CompletionQueue*),
    Next next, std::chrono::milliseconds patience = kPatience) {
  return std::make_unique<UnaryCall<Request, Response, Next>>(stub, method, std::move(next), patience);
}

}  // namespace suffice::load
