// Conversations, dated prices and the wrong model against the real server, across a restart.
#include "catch.h"
#include "integration/test_server.h"

namespace suffice {
namespace {

v1::RouteResponse RouteIn(TestServer& server, const std::string& session, double max_cost_usd = 0) {
  Context context;
  v1::RouteRequest request;
  v1::RouteResponse response;
  request.set_session(session);
  request.set_prompt("And the second one?");
  request.set_max_cost_usd(max_cost_usd);
  const grpc::Status status = server.stub().Route(&context, request, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  return response;
}

const std::vector<std::string> kArguments = {
    "--set", "policy.kind=random", "--set",
    "tiers.large.price_changes=[{from: 2024-05-01, input_usd_per_mtok: 2, output_usd_per_mtok: 8}]"};

}  // namespace

TEST_CASE("a conversation keeps its tier through the real server and its restart", "[integration]") {
  const TempFolder folder;
  std::vector<std::string> had;
  {
    TestServer server(folder, kArguments);
    for (int s = 0; s < 12; ++s) {
      const v1::RouteResponse first = RouteIn(server, std::to_string(s));
      CHECK_FALSE(first.session_kept());
      CHECK(first.propensity() == 0.5);
      had.push_back(first.tier());
      for (int turn = 0; turn < 3; ++turn) {
        const v1::RouteResponse next = RouteIn(server, std::to_string(s));
        CHECK(next.tier() == first.tier());
        CHECK(next.session_kept());
        CHECK(next.propensity() == 1);
        REQUIRE(next.excluded_size() == 1);
        CHECK(next.excluded(0).reason() == v1::EXCLUSION_REASON_SESSION);
        CHECK(next.excluded(0).detail() == "the conversation keeps " + first.tier());
        CHECK(next.fallbacks_size() == 1);
      }
    }
    CHECK(server.Terminate().code == 0);
  }
  TestServer again(folder, kArguments);
  for (int s = 0; s < 12; ++s) CHECK(RouteIn(again, std::to_string(s)).tier() == had[static_cast<size_t>(s)]);
}

TEST_CASE("prices, their versions and their parts through the real server", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, kArguments);
  v1::RouteResponse decision;
  do {
    decision = RouteIn(server, "", 0.05);
    CHECK(decision.parameters().max_output_tokens() > 100);
    CHECK(decision.tiers(1).worst_cost_usd() <= 0.05);
    CHECK(decision.price_version() == (decision.tier() == "large" ? "2024-05-01T00:00:00+00:00" : "base"));
  } while (decision.tier() != "large");
  v1::OutcomeRequest outcome;
  outcome.set_decision_id(decision.decision_id());
  outcome.set_input_tokens(10);
  outcome.set_cached_input_tokens(11);
  const auto send = [&] {
    Context context;
    v1::OutcomeResponse response;
    return server.stub().Outcome(&context, outcome, &response);
  };
  CHECK(WrongField(send()) == "cached_input_tokens");
  outcome.set_cached_input_tokens(4);
  outcome.set_served_model("another-model");
  CHECK(send().ok());
  CHECK(server.GetStatus().outcomes() == 1);
}

}  // namespace suffice
