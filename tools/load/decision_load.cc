#include "decision_load.h"

namespace suffice::load {
namespace {

// Shared by the calls of one load.
struct Cursor {
  const std::vector<std::string>* prompts;
  size_t next = 0;
  size_t made = 0;
};

class DecisionCall final : public Call {
 public:
  DecisionCall(v1::RouterService::Stub* stub, std::shared_ptr<Cursor> cursor) : stub_(stub), cursor_(std::move(cursor)) {}

  void Start(grpc::CompletionQueue& queue) override {
    const bool tells = !telling_ && status_.ok() && !decision_.decision_id().empty();
    telling_ = tells;
    context_.emplace();
    context_->set_deadline(std::chrono::system_clock::now() + kPatience);
    const size_t k = cursor_->next++;
    if (tells) {
      v1::FeedbackRequest request;
      request.set_feedback_id(decision_.decision_id());
      request.set_decision_id(decision_.decision_id());
      request.set_tenant(kTenant);
      request.set_reward(k % 4 == 0 ? 0 : 1);
      feedback_reader_ = stub_->AsyncFeedback(&*context_, request, &queue);
      feedback_reader_->Finish(&receipt_, &status_, static_cast<Call*>(this));
      return;
    }
    decision_.Clear();
    v1::RouteRequest request;
    request.set_prompt((*cursor_->prompts)[k % cursor_->prompts->size()]);
    request.set_tenant(kTenant);
    route_reader_ = stub_->AsyncRoute(&*context_, request, &queue);
    route_reader_->Finish(&decision_, &status_, static_cast<Call*>(this));
  }

 private:
  static constexpr char kTenant[] = "acme";

  v1::RouterService::Stub* const stub_;
  const std::shared_ptr<Cursor> cursor_;
  std::optional<grpc::ClientContext> context_;
  bool telling_ = false;  // the feedback for `decision_`
  v1::RouteResponse decision_;
  v1::FeedbackResponse receipt_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::RouteResponse>> route_reader_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::FeedbackResponse>> feedback_reader_;
};

}  // namespace

CallMaker DecisionCalls(const std::vector<std::string>& prompts, const Connections& connections) {
  const auto cursor = std::make_shared<Cursor>(Cursor{.prompts = &prompts});
  return [cursor, &connections] {
    return std::make_unique<DecisionCall>(connections.stub(cursor->made++), cursor);
  };
}

}  // namespace suffice::load
