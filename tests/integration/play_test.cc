// `suffice play` against the real server, as tools/demo runs it.
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"
#include "integration/test_server.h"

namespace suffice {
namespace {

using nlohmann::json;

std::string RunOk(const std::vector<std::string>& args) {
  ChildProcess process(args);
  const Exit exit = process.Wait();
  INFO(process.err());
  REQUIRE(exit.code == 0);
  return process.out();
}

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Example traffic of so many rows, and a policy with its tiers.
struct Prepared {
  TempFolder folder;
  std::string traffic = folder.Path("traffic.jsonl");
  std::string policy = folder.Path("policy.yaml");

  explicit Prepared(int rows) {
    RunOk({"generate-traffic", "--rows", std::to_string(rows), "--out", traffic});
    std::ofstream(policy) << RunOk({"print-config", Policy("two_tiers.yaml"), "--tiers-from-traffic", traffic, "--set",
                                    "serve.listen=127.0.0.1:0"});
  }
};

}  // namespace

TEST_CASE("play sends rows, outcomes and feedback, and reports what the server chose", "[integration]") {
  const Prepared prepared(700);
  TestServer server(prepared.folder, {"--config", prepared.policy});
  const std::string report_path = prepared.folder.Path("report.json"), html_path = prepared.folder.Path("report.html");
  ChildProcess play({"play", "--address", server.address(), "--config", prepared.policy, "--traffic", prepared.traffic,
                     "--rows", "600", "--feedback-rate", "0.5", "--report", report_path, "--html", html_path});
  const Exit exit = play.Wait();
  INFO(play.err());
  REQUIRE(exit.code == 0);
  CHECK(play.err().find("500 decisions, quality ") == 0);  // in particular no warning of another configuration
  CHECK(play.err().find("\n600 decisions, quality ") != std::string::npos);
  CHECK(play.out().find("optimum, same cost") != std::string::npos);
  CHECK(ReadAll(html_path).find("<svg") != std::string::npos);

  const v1::GetStatusResponse status = server.GetStatus();
  CHECK(status.decisions() == 600);
  CHECK(status.outcomes() == 600);
  CHECK(status.feedbacks() > 200);
  CHECK(status.feedbacks() < 400);
  const json report = json::parse(ReadAll(report_path));
  CHECK(report["decisions"] == 600);
  CHECK(report["config"]["hash"] == status.config_hash());
  CHECK(report["propensity_check"]["chi2_p"].get<double>() > 1e-6);
  double shares = 0;
  for (const auto& share : report["tier_share"]) shares += share.get<double>();
  CHECK(shares == Approx(1));
}

TEST_CASE("play ends with the server's own words when it goes away, or knows other tiers", "[integration]") {
  const Prepared prepared(3000);
  const auto play = [&](const std::string& address, const std::string& policy) {
    return std::vector<std::string>{"play", "--address", address, "--config", policy, "--traffic", prepared.traffic};
  };
  SECTION("killed in the middle") {
    TestServer server(prepared.folder, {"--config", prepared.policy});
    ChildProcess player(play(server.address(), prepared.policy));
    player.WaitForStderr("500 decisions");
    server.process().Signal(SIGKILL);
    CHECK(player.Wait().code == 1);
    CHECK(player.err().find(server.address() + ": UNAVAILABLE") != std::string::npos);
    CHECK(player.out().empty());
  }
  SECTION("not there from the start") {
    ChildProcess player(play("127.0.0.1:1", prepared.policy));
    CHECK(player.Wait().code == 1);
    CHECK(player.err().find("no answer from 127.0.0.1:1: UNAVAILABLE") != std::string::npos);
  }
  SECTION("other tiers") {
    TestServer server(prepared.folder, {"--config", Policy("three_tiers.yaml")});
    ChildProcess player(play(server.address(), prepared.policy));
    CHECK(player.Wait().code == 1);
    CHECK(player.err().find("warning: the server runs another configuration") != std::string::npos);
    CHECK(player.err().find("the server has a tier economy, which the traffic has not") != std::string::npos);
  }
}

}  // namespace suffice
