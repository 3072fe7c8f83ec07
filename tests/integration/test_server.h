// `suffice serve` as a child process, with a client, and the folder it works in.
// Thread contract: the stub is thread-safe; the rest belongs to one thread.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "integration/child_process.h"
#include "suffice/v1/router.grpc.pb.h"
#include "temp_folder.h"

namespace suffice {

// A policy file that comes with the project.
inline std::string Policy(const std::string& name) { return std::string(SUFFICE_SOURCE_DIR) + "/policies/" + name; }

class TestServer {
 public:
  // Serves policies/two_tiers.yaml on a free port of 127.0.0.1, and returns once it is ready. `more`: further
  // arguments;
  // "--config" among them replaces the policy.
  explicit TestServer(const TempFolder& folder, const std::vector<std::string>& more = {});

  ChildProcess& process() { return process_; }
  const std::string& address() const { return address_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  v1::RouterService::Stub& stub() { return *stub_; }

  // Closes the client's connection. (While it drains, the server waits for a connection that nobody polls.)
  void HangUp();
  // Hangs up, sends SIGTERM and waits.
  Exit Terminate();
  // Asks until the server has recorded so many since its start. Throws after 20 s.
  void WaitForFeedbacks(int64_t count);

  // These throw when the call fails.
  v1::RouteResponse Route(const std::string& prompt, const std::string& request_id = "",
                          const std::string& tenant = "");
  v1::GetStatusResponse GetStatus();

 private:
  ChildProcess process_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::RouterService::Stub> stub_;
};

// With a deadline that no healthy call meets, so that a test cannot hang.
struct Context : grpc::ClientContext {
  Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30)); }
};

v1::FeedbackRequest MakeFeedback(const std::string& decision_id, const std::string& feedback_id, double reward);

// The detail of type `Detail` that the error carries, if any.
template <typename Detail>
std::optional<Detail> DetailOf(const grpc::Status& error) {
  google::rpc::Status rich;
  if (!rich.ParseFromString(error.error_details())) return std::nullopt;
  Detail detail;
  for (const auto& any : rich.details()) {
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

// The first field that BadRequest names; empty: none.
std::string WrongField(const grpc::Status& error);
std::string ReasonOf(const grpc::Status& error);

}  // namespace suffice
