#include "integration/test_server.h"

#include <grpcpp/create_channel.h>
#include <stdlib.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace suffice {
namespace {

std::vector<std::string> Arguments(const TempFolder& folder, const std::vector<std::string>& more) {
  std::vector<std::string> args = {"serve", "--db", folder.Path("log.db"), "--listen", "127.0.0.1:0"};
  if (std::find(more.begin(), more.end(), "--config") == more.end()) {
    args.insert(args.end(), {"--config", Policy("two_tiers.yaml")});
  }
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

void Check(const grpc::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error_message());
}

}  // namespace

TestServer::TestServer(const TempFolder& folder, const std::vector<std::string>& more)
    : process_(Arguments(folder, more)) {
  const std::string rest = process_.WaitForStderr("ready on ");
  address_ = rest.substr(0, rest.find(": "));
  channel_ = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  stub_ = v1::RouterService::NewStub(channel_);
}

void TestServer::HangUp() {
  stub_.reset();
  channel_.reset();
}

void TestServer::WaitForFeedbacks(int64_t count) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (GetStatus().feedbacks() < count) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the feedback is not recorded");
  }
}

Exit TestServer::Terminate() {
  HangUp();
  process_.Signal(SIGTERM);
  return process_.Wait();
}

v1::RouteResponse TestServer::Route(const std::string& prompt, const std::string& request_id,
                                    const std::string& tenant) {
  Context context;
  v1::RouteRequest request;
  v1::RouteResponse response;
  request.set_prompt(prompt);
  request.set_request_id(request_id);
  request.set_tenant(tenant);
  Check(stub_->Route(&context, request, &response));
  return response;
}

v1::GetStatusResponse TestServer::GetStatus() {
  Context context;
  v1::GetStatusResponse response;
  Check(stub_->GetStatus(&context, {}, &response));
  return response;
}

v1::FeedbackRequest MakeFeedback(const std::string& decision_id, const std::string& feedback_id, double reward) {
  v1::FeedbackRequest request;
  request.set_decision_id(decision_id);
  request.set_feedback_id(feedback_id);
  request.set_reward(reward);
  return request;
}

std::string WrongField(const grpc::Status& error) {
  const auto bad = DetailOf<google::rpc::BadRequest>(error);
  return bad && bad->field_violations_size() > 0 ? bad->field_violations(0).field() : "";
}

std::string ReasonOf(const grpc::Status& error) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(error);
  return info ? info->reason() : "";
}

}  // namespace suffice
