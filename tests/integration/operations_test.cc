// How the server starts, tells its health, reloads and ends.
#include <grpcpp/generic/generic_stub.h>

#include <csignal>
#include <fstream>

#include "catch.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "integration/database_lock.h"
#include "integration/test_server.h"

namespace suffice {
namespace {

using grpc::health::v1::HealthCheckResponse;

HealthCheckResponse::ServingStatus Health(TestServer& server, const std::string& service) {
  Context context;
  grpc::health::v1::HealthCheckRequest request;
  HealthCheckResponse response;
  request.set_service(service);
  const grpc::Status status = grpc::health::v1::Health::NewStub(server.channel())->Check(&context, request, &response);
  return status.ok() ? response.status() : HealthCheckResponse::UNKNOWN;
}

// Asks the reflection service and returns its raw answer. `request` is an encoded ServerReflectionRequest: the messages
// of that service are in no Debian package, and a few bytes are enough here.
std::string Reflect(TestServer& server, const std::string& request) {
  grpc::GenericStub stub(server.channel());
  grpc::CompletionQueue queue;
  Context context;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call =
      stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  REQUIRE(wait());
  const grpc::Slice slice(request);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  REQUIRE(wait());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  REQUIRE(wait());
  context.TryCancel();
  grpc::Slice whole;
  REQUIRE(answer.DumpToSingleSlice(&whole).ok());
  return std::string(reinterpret_cast<const char*>(whole.begin()), whole.size());
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A copy of policies/two_tiers.yaml that a test can change.
std::string CopyOfPolicy(const TempFolder& folder) {
  std::filesystem::copy_file(Policy("two_tiers.yaml"), folder.Path("policy.yaml"));
  return folder.Path("policy.yaml");
}

TEST_CASE("health and reflection answer", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, {"--port-file", folder.Path("port")});
  CHECK(Health(server, "") == HealthCheckResponse::SERVING);
  CHECK(Health(server, "suffice.v1.RouterService") == HealthCheckResponse::SERVING);
  CHECK(Health(server, "no.such.Service") == HealthCheckResponse::UNKNOWN);
  CHECK("127.0.0.1:" + ReadFile(folder.Path("port")) == server.address() + "\n");

  const std::string list_services("\x3a\x00", 2);
  const std::string services = Reflect(server, list_services);
  CHECK(services.find("suffice.v1.RouterService") != std::string::npos);
  CHECK(services.find("grpc.health.v1.Health") != std::string::npos);
  const std::string symbol = "suffice.v1.RouterService";
  const std::string file_containing_symbol = std::string("\x22") + static_cast<char>(symbol.size()) + symbol;
  CHECK(Reflect(server, file_containing_symbol).find("OutcomeStreamRequest") != std::string::npos);
}

// A stream that the server has for sure: it has recorded the first item.
struct OpenStream {
  Context context;
  v1::FeedbackStreamResponse response;
  std::string decision;
  std::unique_ptr<grpc::ClientWriter<v1::FeedbackStreamRequest>> writer;

  explicit OpenStream(TestServer& server)
      : decision(server.Route("hello").decision_id()), writer(server.stub().FeedbackStream(&context, &response)) {
    Send("f1", 1);
    server.WaitForFeedbacks(1);
  }
  void Send(const std::string& feedback_id, double reward) {
    v1::FeedbackStreamRequest item;
    *item.mutable_feedback() = MakeFeedback(decision, feedback_id, reward);
    REQUIRE(writer->Write(item));
  }
};

TEST_CASE("SIGTERM finishes what is in flight and exits 0", "[integration]") {
  const TempFolder folder;
  std::string decision;
  {
    TestServer server(folder);
    OpenStream stream(server);
    decision = stream.decision;
    server.process().Signal(SIGTERM);
    server.process().WaitForStderr("draining");
    stream.Send("f2", 0);
    stream.writer->WritesDone();
    REQUIRE(stream.writer->Finish().ok());
    CHECK(stream.response.accepted() == 2);
    server.HangUp();
    CHECK(server.process().Wait().code == 0);
    CHECK(server.process().err().find("stopped") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.Path("log.db-wal")));
  }
  TestServer server(folder);
  Context context;
  v1::FeedbackResponse again;
  REQUIRE(server.stub().Feedback(&context, MakeFeedback(decision, "f2", 0), &again).ok());
  CHECK(again.duplicate());
}

TEST_CASE("an idle stream does not hold the end up for longer than drain_s", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, {"--set", "serve.drain_s=0.2"});
  const OpenStream stream(server);
  server.process().Signal(SIGTERM);
  CHECK(server.process().Wait().code == 0);
  CHECK_FALSE(stream.writer->Finish().ok());
}

TEST_CASE("a second signal ends the server at once", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, {"--set", "serve.drain_s=600"});
  const OpenStream stream(server);
  server.process().Signal(SIGTERM);
  server.process().WaitForStderr("draining");
  server.process().Signal(SIGINT);
  CHECK(server.process().Wait().signal == SIGINT);
  CHECK_FALSE(stream.writer->Finish().ok());
}

TEST_CASE("SIGTERM ends a server that has not begun to serve at once", "[integration]") {
  const TempFolder folder;
  CHECK(TestServer(folder).Terminate().code == 0);
  const DatabaseLock lock(folder.Path("log.db"));  // it waits for the database until it gives up with code 1
  ChildProcess server({"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--config",
                       Policy("two_tiers.yaml"), "--db", folder.Path("log.db")});
  server.WaitForStderr("admin port on ");
  server.Signal(SIGTERM);
  CHECK(server.Wait().signal == SIGTERM);
}

TEST_CASE("SIGHUP takes a good policy file and refuses a bad one", "[integration]") {
  const TempFolder folder;
  const std::string policy = CopyOfPolicy(folder);
  TestServer server(folder, {"--config", policy});
  const std::string before = server.GetStatus().config_hash();

  std::ofstream(policy, std::ios::app) << "\nno_such_key: 1\n";
  server.process().Signal(SIGHUP);
  CHECK(server.process().WaitForStderr("not reloaded: ").find("no_such_key") != std::string::npos);
  server.process().WaitForStderr("serves on");
  CHECK(server.GetStatus().config_hash() == before);

  std::filesystem::remove(policy);
  server.process().Signal(SIGHUP);
  server.process().WaitForStderr("not reloaded: ");
  CHECK(server.GetStatus().config_hash() == before);

  CopyOfPolicy(folder);
  std::string text = ReadFile(policy);
  const size_t name = text.find("name: two_tiers");
  REQUIRE(name != std::string::npos);
  std::ofstream(policy) << text.replace(name, 15, "name: renamed");
  server.process().Signal(SIGHUP);
  server.process().WaitForStderr("reloaded ");
  CHECK(server.GetStatus().config_hash() != before);
  CHECK_FALSE(server.Route("hello").tier().empty());
}

TEST_CASE("what cannot be served is refused at the start", "[integration]") {
  const TempFolder folder;
  const std::string policy = Policy("two_tiers.yaml");
  TestServer server(folder);
  const auto refusal = [&](const std::string& listen, const std::string& db) {
    ChildProcess second({"serve", "--config", policy, "--listen", listen, "--db", folder.Path(db)});
    CHECK(second.Wait().code == 1);
    return second.err();
  };
  CHECK(refusal("0.0.0.0:0", "other.db").find("--insecure-bind") != std::string::npos);
  CHECK(refusal(server.address(), "other.db").find("cannot listen on") != std::string::npos);
  CHECK_FALSE(refusal("127.0.0.1:0", "log.db").empty());
  CHECK_FALSE(server.Route("still here").tier().empty());

  ChildProcess no_policy({"serve", "--config", folder.Path("none.yaml"), "--db", folder.Path("other.db")});
  CHECK(no_policy.Wait().code == 1);
  CHECK(no_policy.err().find("none.yaml") != std::string::npos);
}

TEST_CASE("log lines as JSON", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, {"--log-format", "json"});
  server.Route("a secret prompt");
  CHECK(server.Terminate().code == 0);
  CHECK(server.process().err().find("\"level\":\"info\",\"message\":\"ready on ") != std::string::npos);
  CHECK(server.process().err().find("secret") == std::string::npos);
}

TEST_CASE("the command line is a client", "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  const auto call = [&server](std::vector<std::string> args) {
    args.insert(args.begin(), "call");
    args.insert(args.end(), {"--address", server.address()});
    ChildProcess process(args);
    const Exit exit = process.Wait();
    return std::make_pair(exit.code, exit.code == 0 ? process.out() : process.err());
  };
  const auto [code, out] = call({"route", "--prompt", "hello", "--pinned-tier", "large", "--tenant", "acme"});
  REQUIRE(code == 0);
  CHECK(out.find("\"tier\": \"large\"") != std::string::npos);
  const size_t id_start = out.find("\"decision_id\": \"") + 16;
  const std::string id = out.substr(id_start, 36);
  CHECK(call({"outcome", "--decision-id", id, "--tenant", "acme", "--status", "ok", "--output-tokens", "12"}).first ==
        0);
  CHECK(call({"feedback", "--decision-id", id, "--tenant", "acme", "--thumbs", "up", "--feedback-id", "f1"}).first ==
        0);
  const auto again =
      call({"feedback", "--json", R"({"feedback_id": "f1", "reward": 1})", "--decision-id", id, "--tenant", "acme"});
  CHECK(again.first == 0);
  CHECK(again.second.find("\"duplicate\": true") != std::string::npos);
  CHECK(call({"explain", "--decision-id", id, "--tenant", "acme"}).second.find("\"tier\": \"large\"") !=
        std::string::npos);
  CHECK(call({"status"}).second.find("\"feedbacks\": \"1\"") != std::string::npos);
  CHECK(call({"health"}).second.find("\"SERVING\"") != std::string::npos);

  const auto stranger = call({"feedback", "--decision-id", id, "--stars", "5"});
  CHECK(stranger.first == 1);
  CHECK(stranger.second.find("OTHER_TENANT") != std::string::npos);
  CHECK(call({"outcome", "--decision-id", id, "--output-tokens", "many"}).first == 2);
  CHECK(call({"outcome", "--json", "[]"}).first == 2);
  CHECK(call({"dance"}).first == 2);
}

}  // namespace
}  // namespace suffice
