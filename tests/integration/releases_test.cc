// A refit beside a running server, its promotion, a kill, and the way back: real binaries on one file.
#include <fmt/format.h>

#include <chrono>
#include <csignal>

#include "catch.h"
#include "integration/test_server.h"
#include "suffice/v1/admin.grpc.pb.h"

namespace suffice {
namespace {

std::string Run(const std::vector<std::string>& args) {
  ChildProcess command(args);
  const Exit exit = command.Wait();
  INFO(command.err());
  REQUIRE(exit.code == 0);
  return command.out();
}

v1::AdminServiceGetStatusResponse AdminStatus(TestServer& server) {
  Context context;
  v1::AdminServiceGetStatusResponse response;
  const auto stub = v1::AdminService::NewStub(server.channel());
  REQUIRE(stub->GetStatus(&context, {}, &response).ok());
  return response;
}

void RouteAndReward(TestServer& server, int first, int last) {
  for (int i = first; i < last; ++i) {
    const bool hard = i % 2 == 0;
    const v1::RouteResponse decision =
        server.Route(hard ? fmt::format("Prove theorem number {}.", i) : fmt::format("Greet guest number {}!", i));
    const double reward = decision.tier() == "large" ? 0.9 : hard ? 0.2 : 0.85;
    Context context;
    v1::FeedbackResponse response;
    REQUIRE(server.stub()
                .Feedback(&context, MakeFeedback(decision.decision_id(), fmt::format("f{}", i), reward), &response)
                .ok());
  }
}

// The server says that it takes a release before its snapshot is out.
bool ComesToRelease(TestServer& server, int64_t release) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (AdminStatus(server).release() != release) {
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a release is fitted and promoted beside a running server, outlives a kill, and is rolled back") {
  const TempFolder folder;
  const std::string db = folder.Path("log.db");
  auto server = std::make_unique<TestServer>(folder);
  RouteAndReward(*server, 0, 300);
  Run({"refit", "--config", Policy("two_tiers.yaml"), "--db", db, "--note", "by the test"});
  CHECK(AdminStatus(*server).release() == 0);  // a refit alone changes nothing
  CHECK(Run({"snapshots", "--db", db}).find("by the test") != std::string::npos);

  Run({"promote", "--db", db, "--release", "1"});
  server->process().WaitForStderr("release 1 is in force for 100%");
  CHECK(server->Route("Prove theorem number 1000.").tier() != "");
  CHECK(ComesToRelease(*server, 1));
  RouteAndReward(*server, 300, 340);

  server->HangUp();
  server->process().Signal(SIGKILL);
  server->process().Wait();
  server = std::make_unique<TestServer>(folder);
  CHECK(AdminStatus(*server).release() == 1);
  const std::string list = Run({"snapshots", "--db", db, "--json"});
  CHECK(list.find("\"by the test\"") != std::string::npos);

  Run({"rollback", "--db", db});
  server->process().WaitForStderr("release 0 is in force for 100%");
  CHECK(server->Route("Prove theorem number 1001.").tier() != "");
  CHECK(ComesToRelease(*server, 0));
  CHECK(server->Terminate().code == 0);
  CHECK(Run({"rebuild", "--config", Policy("two_tiers.yaml"), "--db", db}).find("agrees") != std::string::npos);
}

TEST_CASE("promote and rollback say what is wrong") {
  const TempFolder folder;
  { TestServer server(folder); }
  const auto error = [&](std::vector<std::string> args) {
    args.insert(args.end(), {"--db", folder.Path("log.db")});
    ChildProcess command(args);
    REQUIRE(command.Wait().code == 1);
    return command.err();
  };
  CHECK(error({"promote", "--release", "7"}).find("release 7 is not in the log") != std::string::npos);
  CHECK(error({"promote", "--release", "0"}).find("in force already") != std::string::npos);
  CHECK(error({"rollback"}).find("nothing was ever promoted") != std::string::npos);
}

}  // namespace suffice
