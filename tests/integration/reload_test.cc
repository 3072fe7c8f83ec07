// The policy file read again and again while clients ask: no request fails, and no bad file takes effect.
#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "catch.h"
#include "integration/try_calls.h"

namespace suffice {
namespace {

constexpr int kReloads = 30;
constexpr int kClients = 3;

// two_tiers.yaml with other prices, and at times with a budget that never binds: accounts come and go.
std::string PolicyNumber(int n) {
  std::ifstream file(Policy("two_tiers.yaml"));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  text += fmt::format("\non_infeasible: {}\n", n % 2 == 0 ? "cheapest" : "safest");
  if (n % 3 == 0) text += "limits:\n  cost:\n    budgets: [{name: cap, usd: 1000, kind: soft}]\n";
  return text;
}

struct Clients {
  explicit Clients(TestServer& server) {
    for (int c = 0; c < kClients; ++c) {
      threads.emplace_back([this, &server, c] {
        for (int i = 0; !stop; ++i) {
          v1::RouteResponse decision;
          const grpc::Status routed = TryRoute(server, fmt::format("prompt {} {}", c, i), "", &decision);
          const grpc::Status told =
              routed.ok() ? TryFeedback(server, decision.decision_id(), fmt::format("{}-{}", c, i)) : routed;
          if (!told.ok() && failed++ == 0) error = told.error_message();
          ++answered;
        }
      });
    }
  }
  void Stop() {
    stop = true;
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
  ~Clients() { Stop(); }

  std::atomic<bool> stop{false};
  std::atomic<int64_t> answered{0}, failed{0};
  std::string error;  // the first one; to be read after Stop
  std::vector<std::thread> threads;
};

}  // namespace

TEST_CASE("reloads under load fail no request, and bad files between them change nothing", "[integration]") {
  const TempFolder folder;
  const std::string policy = folder.Path("policy.yaml");
  const auto write = [&](const std::string& text) { std::ofstream(policy, std::ios::trunc) << text; };
  write(PolicyNumber(0));
  TestServer server(folder, {"--config", policy});
  Clients clients(server);
  std::string hash = server.GetStatus().config_hash();
  for (int n = 1; n <= kReloads; ++n) {
    const int64_t answered = clients.answered;
    if (n % 4 == 0) {
      write(PolicyNumber(n) + "no_such_key: 1\n");
      server.process().Signal(SIGHUP);
      CHECK(server.process().WaitForStderr("not reloaded: ").find("no_such_key") != std::string::npos);
      server.process().WaitForStderr("the old configuration serves on");
      CHECK(server.GetStatus().config_hash() == hash);
    } else {
      write(PolicyNumber(n));
      server.process().Signal(SIGHUP);
      const std::string told = server.process().WaitForStderr("reloaded " + policy + ": config ");
      hash = server.GetStatus().config_hash();
      CHECK(told == hash);
    }
    Until([&] { return clients.answered > answered + kClients; });  // each reload has requests around it
  }
  clients.Stop();
  INFO(clients.error);
  CHECK(clients.failed == 0);
  CHECK(server.GetStatus().feedbacks() == clients.answered);
  CHECK(server.Terminate().code == 0);
}

}  // namespace suffice
