// The server on a disk that is full, and then is not.
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>

#include "catch.h"
#include "file_size_limit.h"
#include "integration/test_server.h"

namespace suffice {
namespace {

grpc::Status TryRoute(TestServer& server, const std::string& prompt, const std::string& request_id = "",
                      v1::RouteResponse* decision = nullptr) {
  Context context;
  v1::RouteRequest request;
  v1::RouteResponse response;
  request.set_prompt(prompt);
  request.set_request_id(request_id);
  const grpc::Status status = server.stub().Route(&context, request, &response);
  if (decision != nullptr) *decision = response;
  return status;
}

grpc::Status TryFeedback(TestServer& server, const std::string& decision, const std::string& id) {
  Context context;
  v1::FeedbackResponse response;
  return server.stub().Feedback(&context, MakeFeedback(decision, id, 1), &response);
}

// Asks again until `done`; throws after 20 s.
void Until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("it did not come about");
  }
}

// The arguments of a server with two_tiers.yaml, these keys, and room for 20 rows that wait.
std::vector<std::string> With(const TempFolder& folder, const std::string& keys) {
  std::ifstream policy(Policy("two_tiers.yaml"));
  std::string text((std::istreambuf_iterator<char>(policy)), std::istreambuf_iterator<char>());
  const size_t log = text.find("\nlog:\n") + 6;
  std::ofstream(folder.Path("policy.yaml")) << text.substr(0, log) << "  queue_capacity: 20\n" << text.substr(log) << "\n" << keys;
  return {"--config", folder.Path("policy.yaml")};
}

void CheckUnavailable(const grpc::Status& status) {
  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(ReasonOf(status) == "LOG_UNAVAILABLE");
  CHECK(DetailOf<google::rpc::RetryInfo>(status).has_value());
}

}  // namespace

TEST_CASE("on a full disk, on_log_failure: refuse refuses until the disk is well, and then goes on", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, With(folder, "on_log_failure: refuse\n"));
  const std::string before = server.Route("before", "r1").decision_id();
  REQUIRE(TryFeedback(server, before, "f0").ok());
  FileSizeLimit limit(4096, server.process().pid());
  CheckUnavailable(TryFeedback(server, before, "f1"));
  CHECK_FALSE(server.GetStatus().log_error().empty());

  CheckUnavailable(TryRoute(server, "refused"));
  v1::RouteResponse again;
  CHECK(TryRoute(server, "before", "r1", &again).ok());
  CHECK(again.decision_id() == before);

  limit.Lift();
  Until([&] { return server.GetStatus().log_error().empty(); });  // nothing of ours is written meanwhile
  const std::string after = server.Route("after").decision_id();
  CHECK(TryFeedback(server, after, "f2").ok());
  CHECK(TryFeedback(server, before, "f1").ok());
  CHECK(server.Terminate().code == 0);
}

TEST_CASE("on a full disk, on_log_failure: serve goes on until the queue is full, and loses nothing", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, With(folder, "on_log_failure: serve\n"));
  const std::string before = server.Route("before").decision_id();
  REQUIRE(TryFeedback(server, before, "f0").ok());
  FileSizeLimit limit(4096, server.process().pid());
  CheckUnavailable(TryFeedback(server, before, "f1"));

  std::vector<std::string> decisions;
  grpc::Status refusal;
  while (true) {
    v1::RouteResponse decision;
    refusal = TryRoute(server, "served", "", &decision);
    if (!refusal.ok()) break;
    decisions.push_back(decision.decision_id());
  }
  CHECK(decisions.size() == 20);
  CHECK(refusal.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(ReasonOf(refusal) == "QUEUE_FULL");
  CHECK(DetailOf<google::rpc::RetryInfo>(refusal)->retry_delay().seconds() == 1);
  CHECK(server.GetStatus().log_queue() == 20);

  limit.Lift();
  Until([&] { return server.GetStatus().log_queue() == 0; });
  CHECK(server.GetStatus().log_error().empty());
  for (const std::string& id : decisions) CHECK(TryFeedback(server, id, id).ok());
  CHECK(server.Terminate().code == 0);
}

TEST_CASE("on_log_failure can be changed by a reload", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, With(folder, "on_log_failure: refuse\n"));
  const std::string before = server.Route("before").decision_id();
  const std::string hash = server.GetStatus().config_hash();
  With(folder, "on_log_failure: serve\n");
  server.process().Signal(SIGHUP);
  Until([&] { return server.GetStatus().config_hash() != hash; });
  const FileSizeLimit limit(4096, server.process().pid());
  CheckUnavailable(TryFeedback(server, before, "f"));
  CHECK(TryRoute(server, "served").ok());
}

}  // namespace suffice
