// The load generators against a real server that stalls once.
#include <chrono>
#include <fstream>

#include "catch.h"
#include "child.h"
#include "closed_loop.h"
#include "connections.h"
#include "open_loop.h"
#include "overload_loop.h"
#include "temp_folder.h"

namespace suffice::load {
namespace {

constexpr int kStallMs = 500;

// Answers "large" to everything; after 100 answers it is silent for kStallMs, once.
class StallingServer {
 public:
  explicit StallingServer(const TempFolder& folder) {
    v1::RouteResponse answer;
    answer.set_tier("large");
    std::ofstream(folder.Path("answer.pb"), std::ios::binary) << answer.SerializeAsString();
    auto started = Child::Start({SUFFICE_LOAD_BINARY, "empty-server", "--answer", folder.Path("answer.pb"), "--stall-after",
                                 "100", "--stall-ms", std::to_string(kStallMs)},
                                folder.Path("server.txt"));
    REQUIRE(started.ok());
    process_ = *std::move(started);
    const auto address = process_->WaitForOutput("ready on ", 20);
    REQUIRE(address.ok());
    address_ = *address;
    connections_.emplace(address_, 2);
  }

  CallMaker Calls() {
    return [this] {
      request_.set_prompt("a prompt");
      return MakeUnaryCall(connections_->stub(made_++), &v1::RouterService::Stub::AsyncRoute,
                           [this]() -> const v1::RouteRequest& { return request_; });
    };
  }
  Child& process() { return *process_; }
  const std::string& address() const { return address_; }

 private:
  std::unique_ptr<Child> process_;
  std::string address_;
  std::optional<Connections> connections_;
  v1::RouteRequest request_;
  size_t made_ = 0;
};

double Milliseconds(const LoadResult& result, double percent) { return result.Micros(percent) / 1000; }

TEST_CASE("A generator for overload counts what finds no room, and does not send it later") {
  const TempFolder folder;
  StallingServer server(folder);
  // 250 of a thousand are due within the stall, and 8 may be out.
  const OverloadResult result = RunOverload(server.Calls(), {.per_second = 500, .seconds = 2, .max_outstanding = 8});
  CHECK(result.due() == 1000);
  CHECK(result.answered + result.unsent == 1000);
  CHECK(result.unsent > 200);
  CHECK(result.answer_ns.count() == result.answered);
  CHECK(static_cast<double>(result.answer_ns.max()) / 1e6 > kStallMs * 0.9);
}

TEST_CASE("In an open loop a stall of the server is seen by all requests that were due meanwhile") {
  const TempFolder folder;
  StallingServer server(folder);
  // A thousand requests in two seconds: a quarter of them is due within the stall.
  const LoadResult result = RunOpenLoop(server.Calls(), {.per_second = 500, .seconds = 2});
  CHECK(result.completed == 1000);
  CHECK(result.failed == 0);
  CHECK(Milliseconds(result, 100) >= kStallMs);
  // Half of that quarter waited for at least half of it.
  CHECK(Milliseconds(result, 88) >= 0.45 * kStallMs);
}

TEST_CASE("An open loop with too few calls for a stall still counts from when the requests were due") {
  const TempFolder folder;
  StallingServer server(folder);
  const LoadResult result = RunOpenLoop(server.Calls(), {.per_second = 500, .seconds = 2, .max_outstanding = 2});
  CHECK(result.completed == 1000);
  CHECK(Milliseconds(result, 88) >= 0.45 * kStallMs);
}

TEST_CASE("A closed loop sees the same stall once for each call outstanding") {
  const TempFolder folder;
  StallingServer server(folder);
  ClosedLoop loop(server.Calls(), 2);
  const LoadResult result = loop.RunFor(1.5);
  CHECK(result.failed == 0);
  REQUIRE(result.completed > 400);
  CHECK(Milliseconds(result, 100) >= kStallMs);
  CHECK(Milliseconds(result, 99) < kStallMs);
}

TEST_CASE("The load generators drive a server by hand, in either loop") {
  const TempFolder folder;
  StallingServer server(folder);
  for (const char* loop : {"--outstanding=3", "--per-second=200"}) {
    CAPTURE(loop);
    auto drive = Child::Start({SUFFICE_LOAD_BINARY, "drive", "--address", server.address(), loop, "--seconds", "0.2"},
                              folder.Path("drive.txt"));
    REQUIRE(drive.ok());
    CHECK((*drive)->WaitForOutput("answered a second, 0 ", 30).value_or("") == "failed");
    CHECK((*drive)->WaitForEnd(30).ok());
  }
}

TEST_CASE("A server that is gone is counted as failures") {
  const TempFolder folder;
  StallingServer server(folder);
  CHECK_FALSE(server.process().Stop(20).ok());  // by a signal
  ClosedLoop loop(server.Calls(), 2);
  const LoadResult result = loop.RunFor(0.1);
  CHECK(result.completed == 0);
  CHECK(result.failed > 0);
}

}  // namespace
}  // namespace suffice::load
