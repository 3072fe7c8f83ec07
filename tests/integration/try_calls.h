// Calls whose errors are what a test is about, and waiting for a state. Thread contract: free functions; as TestServer.
#pragma once

#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include "catch.h"
#include "integration/test_server.h"

namespace suffice {

inline grpc::Status TryRoute(TestServer& server, const std::string& prompt, const std::string& request_id = "",
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

inline grpc::Status TryFeedback(TestServer& server, const std::string& decision, const std::string& id,
                                double reward = 1) {
  Context context;
  v1::FeedbackResponse response;
  return server.stub().Feedback(&context, MakeFeedback(decision, id, reward), &response);
}

inline grpc::Status TryOutcome(TestServer& server, const std::string& decision) {
  Context context;
  v1::OutcomeRequest request;
  v1::OutcomeResponse response;
  request.set_decision_id(decision);
  request.set_output_tokens(7);
  return server.stub().Outcome(&context, request, &response);
}

// Writes a policy of two tiers; `serve`: a line of its section.
inline void WriteTwoTiers(const std::string& path, const std::string& serve) {
  std::ofstream(path, std::ios::trunc) << "tiers:\n"
                                          "  - name: small\n    price: {output_usd_per_mtok: 1}\n"
                                          "  - name: large\n    price: {output_usd_per_mtok: 9}\n"
                                          "serve:\n  "
                                       << serve << "\n";
}

// Asks again until `done`; throws after 20 s.
inline void Until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("it did not come about");
  }
}

inline void CheckUnavailable(const grpc::Status& status) {
  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(ReasonOf(status) == "LOG_UNAVAILABLE");
  CHECK(DetailOf<google::rpc::RetryInfo>(status).has_value());
}

// Folds the log of a server that has ended, and compares it with what the server kept, if it did. Returns what is told.
inline std::string CheckRebuilds(const std::string& database) {
  ChildProcess rebuild({"rebuild", "--config", Policy("two_tiers.yaml"), "--db", database});
  const Exit rebuilt = rebuild.Wait();
  INFO(rebuild.out() << rebuild.err());
  CHECK(rebuilt.code == 0);
  return rebuild.out();
}

// The same of a server that has kept its statistics.
inline void CheckRebuildAgrees(const std::string& database) {
  CHECK(CheckRebuilds(database).find("agrees") != std::string::npos);
}

}  // namespace suffice
