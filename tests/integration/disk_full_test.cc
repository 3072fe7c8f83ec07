// The server on a disk that is full, and then is not.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "catch.h"
#include "file_size_limit.h"
#include "integration/try_calls.h"
#include "private_mount.h"

namespace suffice {
namespace {

// The arguments of a server with two_tiers.yaml, these keys, and room for 20 rows that wait.
std::vector<std::string> With(const TempFolder& folder, const std::string& keys) {
  std::ifstream policy(Policy("two_tiers.yaml"));
  std::string text((std::istreambuf_iterator<char>(policy)), std::istreambuf_iterator<char>());
  const size_t log = text.find("\nlog:\n") + 6;
  std::ofstream(folder.Path("policy.yaml")) << text.substr(0, log) << "  queue_capacity: 20\n" << text.substr(log) << "\n" << keys;
  return {"--config", folder.Path("policy.yaml")};
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

TEST_CASE("a disk without room is named with its file, refuses a reload, and heals when there is room", "[integration]") {
  if (!PrivateMount::Possible()) {
    WARN("skipped: a small disk takes the right to mount");
    return;
  }
  const TempFolder folder;
  const TempFolder elsewhere;
  PrivateMount disk(folder.Path(""), "4m");
  TestServer server(folder, With(elsewhere, ""));
  const std::string before = server.Route("before").decision_id();
  grpc::Status refusal;
  int acknowledged = 0;
  while ((refusal = TryFeedback(server, before, fmt::format("f{}", acknowledged))).ok()) ++acknowledged;
  CheckUnavailable(refusal);
  CHECK(refusal.error_message().find(folder.Path("log.db")) != std::string::npos);
  CHECK(refusal.error_message().find("No space left on device") != std::string::npos);
  CHECK(TryRoute(server, "served").ok());

  With(elsewhere, "on_log_failure: refuse\n");
  server.process().Signal(SIGHUP);
  CHECK(server.process().WaitForStderr("not reloaded: ").find("No space left on device") != std::string::npos);
  CHECK(TryRoute(server, "served").ok());

  disk.Resize("64m");
  Until([&] { return server.GetStatus().log_error().empty() && server.GetStatus().log_queue() == 0; });
  server.process().Signal(SIGHUP);
  server.process().WaitForStderr("reloaded ");
  CHECK(TryFeedback(server, before, fmt::format("f{}", acknowledged)).ok());
  CHECK(server.GetStatus().feedbacks() == acknowledged + 1);
  CHECK(server.Terminate().code == 0);
}

}  // namespace suffice
