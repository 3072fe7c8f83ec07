// The same numbers by `suffice status`, by gRPC and on the admin port, from the real binary.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "integration/test_server.h"
#include "suffice/v1/admin.grpc.pb.h"

namespace suffice {
namespace {

using nlohmann::json;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

struct Page {
  int status = 0;
  std::string body;
};

// One GET over a socket of its own; status 0 when nobody listens.
Page Get(int port, const std::string& path) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    send(socket_fd, request.data(), request.size(), MSG_NOSIGNAL);
    char bytes[4096];
    for (ssize_t count; (count = recv(socket_fd, bytes, sizeof(bytes), 0)) > 0;) {
      answer.append(bytes, static_cast<size_t>(count));
    }
  }
  close(socket_fd);
  if (!answer.starts_with("HTTP/1.1 ")) return {};
  return {std::stoi(answer.substr(9)), answer.substr(answer.find("\r\n\r\n") + 4)};
}

// The value of a sample, by its name with labels; NAN when it is not there.
double Sample(const std::string& metrics, const std::string& name) {
  const std::string start = fmt::format("\n{} ", name);
  const size_t at = metrics.find(start);
  return at == std::string::npos ? std::nan("") : std::stod(metrics.substr(at + start.size()));
}

struct AdminServer {
  TempFolder folder;
  std::string policy = folder.Path("policy.yaml");
  std::optional<TestServer> server;
  int port = 0;

  AdminServer() {
    std::filesystem::copy_file(Policy("two_tiers.yaml"), policy);
    server.emplace(folder, std::vector<std::string>{"--config", policy, "--admin-listen", "127.0.0.1:0",
                                                    "--admin-port-file", folder.Path("admin_port")});
    port = std::stoi(ReadFile(folder.Path("admin_port")));
  }
  std::string Status(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> args = {"status", "--address", server->address()};
    args.insert(args.end(), more.begin(), more.end());
    ChildProcess status(args);
    REQUIRE(status.Wait().code == 0);
    return status.out();
  }
};

}  // namespace

TEST_CASE("status, metrics and gRPC tell the same numbers", "[integration]") {
  AdminServer admin;
  TestServer& server = *admin.server;
  constexpr int kDecisions = 40;
  for (int i = 0; i < kDecisions; ++i) {
    const std::string id = server.Route(fmt::format("prompt number {}", i)).decision_id();
    if (i % 4 != 0) continue;
    Context context;
    v1::FeedbackResponse kept;
    REQUIRE(server.stub().Feedback(&context, MakeFeedback(id, id, 0.5), &kept).ok());
  }
  // Until all of it is learned, two looks may differ.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (server.GetStatus().observations() < 10 && std::chrono::steady_clock::now() < deadline) {
  }
  REQUIRE(server.GetStatus().observations() == 10);
  const json shown = json::parse(admin.Status({"--json"}));
  const json page = json::parse(Get(admin.port, "/status").body);
  const std::string metrics = Get(admin.port, "/metrics").body;
  v1::AdminServiceGetStatusResponse asked;
  Context context;
  REQUIRE(v1::AdminService::NewStub(server.channel())->GetStatus(&context, {}, &asked).ok());

  CHECK(shown["decisions"] == std::to_string(kDecisions));  // protobuf's JSON writes 64-bit numbers as texts
  CHECK(shown["feedbacks"] == "10");
  CHECK(shown["feedback_share"] == 0.25);
  CHECK(shown["config_hash"] == server.GetStatus().config_hash());
  REQUIRE(shown["tiers"].size() == 2);
  for (const char* key : {"decisions", "feedbacks", "tiers", "limits", "budgets", "config_hash", "audit_share"}) {
    CHECK(shown[key] == page[key]);
  }
  CHECK(asked.decisions() == kDecisions);
  CHECK(Sample(metrics, "suffice_decisions_total") == kDecisions);
  CHECK(Sample(metrics, "suffice_feedbacks_total") == 10);
  CHECK(Sample(metrics, "suffice_serving") == 1);
  double shares = 0;
  for (const json& tier : shown["tiers"]) {
    const double share = tier["share"];
    shares += share;
    CHECK(Sample(metrics, fmt::format("suffice_tier_share{{tier=\"{}\"}}", tier["tier"].get<std::string>())) ==
          Approx(share));
  }
  CHECK(shares == Approx(1));
  const std::string table = admin.Status();
  CHECK(table.find("decisions 40  outcomes 0  feedback 25.0%") != std::string::npos);
  CHECK(table.find("\x1b") == std::string::npos);
}

TEST_CASE("health, readiness, reloads and the end of the admin port", "[integration]") {
  AdminServer admin;
  CHECK(Get(admin.port, "/healthz").status == 200);
  CHECK(Get(admin.port, "/readyz").status == 200);
  CHECK(Get(admin.port, "/nothing").status == 404);
  const std::string reloaded = "suffice_config_last_reload_successful";
  CHECK(Sample(Get(admin.port, "/metrics").body, reloaded) == 1);
  const std::string good = ReadFile(admin.policy);
  std::ofstream(admin.policy) << "tiers: nonsense\n";
  admin.server->process().Signal(SIGHUP);
  admin.server->process().WaitForStderr("the old configuration serves on");
  CHECK(Sample(Get(admin.port, "/metrics").body, reloaded) == 0);
  CHECK(admin.Status().find("RELOAD REFUSED: ") != std::string::npos);
  std::ofstream(admin.policy) << good;
  admin.server->process().Signal(SIGHUP);
  admin.server->process().WaitForStderr("reloaded ");
  // The line is written a moment before the reload is noted.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (Sample(Get(admin.port, "/metrics").body, reloaded) != 1 && std::chrono::steady_clock::now() < deadline) {
  }
  CHECK(Sample(Get(admin.port, "/metrics").body, reloaded) == 1);
  const Exit exit = admin.server->Terminate();
  CHECK(exit.code == 0);
  CHECK(Get(admin.port, "/healthz").status == 0);
}

TEST_CASE("--watch goes on through a lost server and ends cleanly at a signal", "[integration]") {
  for (const int signal : {SIGINT, SIGTERM}) {
    AdminServer admin;
    ChildProcess watch({"status", "--address", admin.server->address(), "--watch", "--interval", "0.1"});
    admin.server->HangUp();
    admin.server->process().Signal(SIGKILL);
    watch.WaitForStderr("no answer from " + admin.server->address());
    ChildProcess again(
        {"serve", "--config", admin.policy, "--db", admin.folder.Path("log.db"), "--listen", admin.server->address()});
    again.WaitForStderr("ready on ");
    watch.WaitForStderr("answered again");
    watch.Signal(signal);
    const Exit exit = watch.Wait();
    CHECK(exit.code == 0);
    CHECK(watch.out().find("two_tiers") != std::string::npos);
  }
}

TEST_CASE("status says who does not answer, and an admin port that cannot be had ends serve", "[integration]") {
  ChildProcess nobody({"status", "--address", "127.0.0.1:1"});
  CHECK(nobody.Wait().code == 1);
  CHECK(nobody.err().find("no answer from 127.0.0.1:1: UNAVAILABLE") != std::string::npos);
  const TempFolder folder;
  ChildProcess open({"serve", "--config", Policy("two_tiers.yaml"), "--db", folder.Path("log.db"), "--listen",
                     "127.0.0.1:0", "--admin-listen", "0.0.0.0:0"});
  CHECK(open.Wait().code == 1);
  CHECK(open.err().find("refusing to listen on 0.0.0.0:0") != std::string::npos);
}

}  // namespace suffice
