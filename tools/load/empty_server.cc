#include "empty_server.h"

#include <fmt/format.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "service/server_set_up.h"
#include "suffice/v1/router.grpc.pb.h"

namespace suffice::load {
namespace {

class EmptyService final : public v1::RouterService::CallbackService {
 public:
  EmptyService(v1::RouteResponse answer, const EmptyServerOptions& options)
      : answer_(std::move(answer)), options_(options) {}

  grpc::ServerUnaryReactor* Route(grpc::CallbackServerContext* context, const v1::RouteRequest*,
                                  v1::RouteResponse* response) override {
    if (options_.stall_after >= 0) StallOnce();
    response->CopyFrom(answer_);
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

 private:
  // Who comes meanwhile waits, too.
  void StallOnce() {
    absl::MutexLock lock(&stall_);
    if (answered_++ == options_.stall_after) std::this_thread::sleep_for(std::chrono::milliseconds(options_.stall_ms));
  }

  const v1::RouteResponse answer_;
  const EmptyServerOptions options_;
  absl::Mutex stall_;
  int64_t answered_ ABSL_GUARDED_BY(stall_) = 0;
};

}  // namespace

absl::Status RunEmptyServer(const EmptyServerOptions& options) {
  v1::RouteResponse answer;
  std::ifstream file(options.answer_file, std::ios::binary);
  if (!file || !answer.ParseFromIstream(&file)) {
    return absl::InvalidArgumentError(fmt::format("{}: no RouteResponse", options.answer_file));
  }
  StopDeadlockDetection();
  EmptyService service(std::move(answer), options);
  grpc::ServerBuilder builder;
  SetUpServer(builder, /*reflection=*/true, /*max_message_bytes=*/2 << 20);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::UnavailableError("cannot listen on loopback");
  std::puts(fmt::format("ready on 127.0.0.1:{}", port).c_str());
  std::fflush(stdout);
  server->Wait();
  return absl::OkStatus();
}

}  // namespace suffice::load
