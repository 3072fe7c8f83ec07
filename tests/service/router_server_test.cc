// The server in-process, over a real engine.
#include "service/router_server.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "catch.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "service/admin_http.h"
#include "suffice/config.h"
#include "suffice/v1/admin.grpc.pb.h"

namespace suffice {
namespace {

using grpc::health::v1::HealthCheckResponse;

// gRPC's callback queue belongs to the process and ends with its last user: one channel keeps it alive through all
// tests.
const std::shared_ptr<grpc::Channel>& KeptAlive() {
  static const auto* const kChannel =
      new std::shared_ptr<grpc::Channel>(grpc::CreateChannel("127.0.0.1:1", grpc::InsecureChannelCredentials()));
  return *kChannel;
}

struct Context : grpc::ClientContext {
  Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30)); }
};

class Running {
 public:
  Running() {
    KeptAlive();
    std::string name = (std::filesystem::temp_directory_path() / "suffice_test_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder = name;
    auto started = RouterServer::Start({.listen = "127.0.0.1:0"});
    REQUIRE(started.ok());
    server = std::move(started).value();
    channel = grpc::CreateChannel(server->address().ToString(), grpc::InsecureChannelCredentials());
    stub = v1::RouterService::NewStub(channel);
  }
  ~Running() {
    stub.reset();
    channel.reset();
    server->Shutdown(absl::Seconds(5));
    engine.reset();
    std::filesystem::remove_all(folder);
  }
  void Open() {
    const auto config = LoadConfig(std::string(SUFFICE_SOURCE_DIR) + "/policies/two_tiers.yaml");
    REQUIRE(config.ok());
    auto opened = Engine::Open({.config = *config, .database = (folder / "log.db").string()});
    REQUIRE(opened.ok());
    engine = std::move(opened).value();
    server->Serve(engine.get());
  }
  grpc::Status Route(v1::RouteResponse* response) {
    Context context;
    v1::RouteRequest request;
    request.set_prompt("hello");
    return stub->Route(&context, request, response);
  }
  HealthCheckResponse::ServingStatus Health(const std::string& service) {
    Context context;
    grpc::health::v1::HealthCheckRequest request;
    HealthCheckResponse response;
    request.set_service(service);
    REQUIRE(grpc::health::v1::Health::NewStub(channel)->Check(&context, request, &response).ok());
    return response.status();
  }

  std::filesystem::path folder;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<RouterServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::RouterService::Stub> stub;
};

std::string Reason(const grpc::Status& error) {
  google::rpc::Status rich;
  google::rpc::ErrorInfo info;
  REQUIRE(rich.ParseFromString(error.error_details()));
  REQUIRE(rich.details_size() > 0);
  REQUIRE(rich.details(0).UnpackTo(&info));
  return info.reason();
}

TEST_CASE("before the engine is open, every call is refused as starting", "[service]") {
  Running running;
  const std::string name = v1::RouterService::service_full_name();
  CHECK(running.Health("") == HealthCheckResponse::NOT_SERVING);
  CHECK(running.Health(name) == HealthCheckResponse::NOT_SERVING);
  v1::RouteResponse decision;
  const grpc::Status refused = running.Route(&decision);
  CHECK(refused.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(Reason(refused) == "STARTING");
  {
    Context context;
    v1::FeedbackStreamResponse response;
    const auto writer = running.stub->FeedbackStream(&context, &response);
    writer->WritesDone();
    CHECK(Reason(writer->Finish()) == "STARTING");
  }
  const auto admin = v1::AdminService::NewStub(running.channel);
  const auto status = [&admin](v1::AdminServiceGetStatusResponse* response) {
    Context context;
    return admin->GetStatus(&context, {}, response);
  };
  v1::AdminServiceGetStatusResponse state;
  CHECK(Reason(status(&state)) == "STARTING");
  const HttpServer::Handler pages = AdminPages(&running.server->status());
  CHECK(pages("/readyz").status == 503);
  CHECK(pages("/status").status == 503);
  CHECK(pages("/healthz").status == 200);
  running.Open();
  CHECK(pages("/readyz").status == 200);
  CHECK(pages("/status").content_type == "application/json");
  CHECK(status(&state).ok());
  CHECK(state.tiers_size() == 2);
  CHECK(running.Health("suffice.v1.AdminService") == HealthCheckResponse::SERVING);
  CHECK(running.Health("") == HealthCheckResponse::SERVING);
  CHECK(running.Health(name) == HealthCheckResponse::SERVING);
  CHECK(running.Route(&decision).ok());
}

TEST_CASE("addresses that cannot or must not be bound", "[service]") {
  Running running;
  const auto code = [](const RouterServerOptions& options) { return RouterServer::Start(options).status().code(); };
  CHECK(code({.listen = "nonsense"}) == absl::StatusCode::kInvalidArgument);
  CHECK(code({.listen = "0.0.0.0:0"}) == absl::StatusCode::kFailedPrecondition);
  CHECK(code({.listen = "0.0.0.0:0", .insecure_bind = true}) == absl::StatusCode::kOk);
  CHECK(code({.listen = running.server->address().ToString()}) == absl::StatusCode::kUnavailable);
}

TEST_CASE("many streams at once, some of them cancelled", "[service]") {
  Running running;
  running.Open();
  v1::RouteResponse decision;
  REQUIRE(running.Route(&decision).ok());
  constexpr int kClients = 4;
  constexpr int kRounds = 10;
  constexpr int kItems = 1500;  // more than may be unacknowledged
  std::vector<std::thread> clients;
  std::atomic<int64_t> accepted{0};
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      for (int round = 0; round < kRounds; ++round) {
        Context context;
        v1::FeedbackStreamResponse response;
        const auto writer = running.stub->FeedbackStream(&context, &response);
        for (int i = 0; i < kItems; ++i) {
          v1::FeedbackStreamRequest item;
          item.mutable_feedback()->set_decision_id(decision.decision_id());
          item.mutable_feedback()->set_feedback_id(fmt::format("{}-{}-{}", c, round, i));
          item.mutable_feedback()->set_reward(1);
          writer->Write(item);
        }
        if (round % 2 == 1) context.TryCancel();
        writer->WritesDone();
        if (writer->Finish().ok()) accepted += response.accepted();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(accepted == kClients * kRounds / 2 * kItems);
  REQUIRE(running.engine->Sync().ok());
  CHECK(running.engine->Status().feedbacks >= accepted);
}

TEST_CASE("explanations in any number are answered or refused as busy", "[service]") {
  Running running;
  running.Open();
  v1::RouteResponse decision;
  REQUIRE(running.Route(&decision).ok());
  constexpr int kCalls = 300;
  std::vector<Context> contexts(kCalls);
  std::vector<v1::ExplainResponse> responses(kCalls);
  std::vector<std::unique_ptr<grpc::ClientAsyncResponseReader<v1::ExplainResponse>>> calls;
  std::vector<grpc::Status> statuses(kCalls);
  grpc::CompletionQueue queue;
  v1::ExplainRequest request;
  request.set_decision_id(decision.decision_id());
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(running.stub->AsyncExplain(&contexts[i], request, &queue));
    calls[i]->Finish(&responses[i], &statuses[i], &statuses[i]);
  }
  int answered = 0;
  for (int i = 0; i < kCalls; ++i) {
    void* tag = nullptr;
    bool ok = false;
    REQUIRE(queue.Next(&tag, &ok));
    const auto* status = static_cast<const grpc::Status*>(tag);
    if (status->ok()) {
      ++answered;
    } else {
      CHECK(status->error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
      CHECK(Reason(*status) == "BUSY");
    }
  }
  CHECK(answered > 0);
}

}  // namespace
}  // namespace suffice
