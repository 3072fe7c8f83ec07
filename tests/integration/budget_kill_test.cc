// A hard budget under concurrent load with kill -9 again and again: not a cent over, whatever was answered.
#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "catch.h"
#include "integration/test_server.h"

namespace suffice {
namespace {

constexpr int kClients = 16;
constexpr int kKills = 5;
constexpr int64_t kCalls = 600;  // that the budget covers, each at exactly its worst case

void WritePolicy(const std::string& path) {
  std::ofstream(path) << "name: capped\n"
                         "tiers:\n"
                         "  - name: only\n"
                         "    price: {input_usd_per_mtok: 0, output_usd_per_mtok: 10}\n"
                         "    max_output_tokens: 100\n"
                         "limits:\n"
                         "  cost:\n"
                         "    budgets:\n"
                         "      - {name: cap, usd: "
                      << fmt::format("{:.4f}", 1e-3 * kCalls) << ", period: month, kind: hard}\n";
}

struct Load {
  std::atomic<int64_t> answered{0}, refused{0}, broken{0};

  // Routes until the server is gone or refuses; tells the outcome of every other call.
  void Run(TestServer& server) {
    for (int i = 0;; ++i) {
      v1::RouteRequest request;
      v1::RouteResponse decision;
      request.set_prompt("hello");
      Context route;
      const grpc::Status status = server.stub().Route(&route, request, &decision);
      if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED && ReasonOf(status) == "BUDGET_EXHAUSTED") {
        ++refused;
        return;
      }
      if (!status.ok()) {
        ++broken;  // perhaps on disk, though nobody was told
        return;
      }
      ++answered;
      if (i % 2 == 0) continue;
      v1::OutcomeRequest outcome;
      v1::OutcomeResponse response;
      outcome.set_decision_id(decision.decision_id());
      outcome.set_status(v1::CALL_STATUS_OK);
      outcome.set_cost_usd(1e-3);
      Context tell;
      if (!server.stub().Outcome(&tell, outcome, &response).ok()) return;
    }
  }
};

TEST_CASE("a hard budget holds through kill -9 under load", "[integration]") {
  const TempFolder folder;
  WritePolicy(folder.Path("policy.yaml"));
  Load load;
  for (int round = 0; round <= kKills; ++round) {
    TestServer server(folder, {"--config", folder.Path("policy.yaml")});
    const int64_t before = load.answered;
    std::vector<std::thread> clients;
    for (int c = 0; c < kClients; ++c) clients.emplace_back([&] { load.Run(server); });
    if (round < kKills) {
      while (load.answered < before + 60 && load.refused == 0) std::this_thread::yield();
      server.process().Signal(SIGKILL);
    }
    for (std::thread& client : clients) client.join();
    if (round < kKills) CHECK(server.process().Wait().signal == SIGKILL);
  }
  INFO(load.answered << " answered, " << load.broken << " cut off, " << load.refused << " refused");
  CHECK(load.answered <= kCalls);
  CHECK(load.answered + load.broken >= kCalls);
  CHECK(load.refused == kClients);
}

}  // namespace
}  // namespace suffice
