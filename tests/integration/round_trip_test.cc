// Route, Outcome, Feedback and Explain against the real server, and what it refuses.
#include <csignal>

#include "catch.h"
#include "integration/test_server.h"

namespace suffice {
namespace {

constexpr char kUnknownId[] = "018f3c2e-6b1a-7c3d-8e4f-0123456789ab";

grpc::Status SendFeedback(TestServer& server, const v1::FeedbackRequest& request, bool* duplicate = nullptr) {
  Context context;
  v1::FeedbackResponse response;
  const grpc::Status status = server.stub().Feedback(&context, request, &response);
  if (duplicate != nullptr) *duplicate = response.duplicate();
  return status;
}

grpc::Status SendOutcome(TestServer& server, const v1::OutcomeRequest& request, bool* duplicate = nullptr) {
  Context context;
  v1::OutcomeResponse response;
  const grpc::Status status = server.stub().Outcome(&context, request, &response);
  if (duplicate != nullptr) *duplicate = response.duplicate();
  return status;
}

TEST_CASE("a decision gets its outcome, its feedback and its explanation", "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  const v1::RouteResponse decision = server.Route("Prove that there are infinitely many primes.");
  CHECK((decision.tier() == "small" || decision.tier() == "large"));
  CHECK_FALSE(decision.model().empty());
  CHECK(decision.fallbacks_size() == 1);
  REQUIRE(decision.tiers_size() == 2);
  CHECK(decision.tiers(0).propensity() + decision.tiers(1).propensity() == Approx(1).margin(1e-12));
  CHECK(decision.quality().low() <= decision.quality().value());
  CHECK(decision.quality().value() <= decision.quality().high());

  v1::OutcomeRequest outcome;
  outcome.set_decision_id(decision.decision_id());
  outcome.set_input_tokens(10);
  outcome.set_output_tokens(200);
  outcome.set_latency_ms(900);
  bool duplicate = true;
  REQUIRE(SendOutcome(server, outcome, &duplicate).ok());
  CHECK_FALSE(duplicate);
  REQUIRE(SendOutcome(server, outcome, &duplicate).ok());
  CHECK(duplicate);
  outcome.set_output_tokens(201);
  CHECK(ReasonOf(SendOutcome(server, outcome)) == "CONFLICTING_RECORD");

  v1::FeedbackRequest feedback = MakeFeedback(decision.decision_id(), "f1", 1);
  REQUIRE(SendFeedback(server, feedback, &duplicate).ok());
  CHECK_FALSE(duplicate);
  REQUIRE(SendFeedback(server, feedback, &duplicate).ok());
  CHECK(duplicate);
  feedback.set_stars(2);
  const grpc::Status conflict = SendFeedback(server, feedback);
  CHECK(conflict.error_code() == grpc::StatusCode::ALREADY_EXISTS);

  Context context;
  v1::ExplainRequest explain;
  v1::ExplainResponse explanation;
  explain.set_decision_id(decision.decision_id());
  REQUIRE(server.stub().Explain(&context, explain, &explanation).ok());
  CHECK(explanation.tier() == decision.tier());
  CHECK(explanation.snapshot() == decision.snapshot());
  REQUIRE(explanation.tiers_size() == 2);
  for (int i = 0; i < 2; ++i) CHECK(explanation.tiers(i).propensity() == decision.tiers(i).propensity());
  CHECK_FALSE(explanation.feature_set().empty());
  const v1::GetStatusResponse status = server.GetStatus();
  CHECK(status.decisions() == 1);
  CHECK(status.outcomes() == 1);
  CHECK(status.feedbacks() == 1);
}

TEST_CASE("the same request id gives the same decision, after a restart too", "[integration]") {
  const TempFolder folder;
  v1::RouteResponse first;
  {
    TestServer server(folder);
    first = server.Route("hello", "r1", "acme");
    CHECK_FALSE(first.replayed());
    const v1::RouteResponse again = server.Route("hello", "r1", "acme");
    CHECK(again.replayed());
    CHECK(again.decision_id() == first.decision_id());
    CHECK(server.Route("hello", "r1", "other").decision_id() != first.decision_id());
    CHECK(server.Route("hello", "r2", "acme").decision_id() != first.decision_id());
    // An acknowledged feedback is on disk, and so is the decision that stood before it.
    v1::FeedbackRequest feedback = MakeFeedback(first.decision_id(), "f1", 0.5);
    feedback.set_tenant("acme");
    REQUIRE(SendFeedback(server, feedback).ok());
    server.process().Signal(SIGKILL);
    CHECK(server.process().Wait().signal == SIGKILL);
  }
  TestServer server(folder);
  const v1::RouteResponse again = server.Route("hello", "r1", "acme");
  CHECK(again.replayed());
  CHECK(again.decision_id() == first.decision_id());
  CHECK(again.tier() == first.tier());
  CHECK(again.propensity() == first.propensity());
}

TEST_CASE("errors say what they are about", "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  const std::string id = server.Route("hello", "", "acme").decision_id();

  grpc::Status error = SendFeedback(server, MakeFeedback(kUnknownId, "f1", 1));
  CHECK(error.error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(ReasonOf(error) == "DECISION_NOT_FOUND");
  REQUIRE(DetailOf<google::rpc::ResourceInfo>(error));
  CHECK(DetailOf<google::rpc::ResourceInfo>(error)->resource_name() == kUnknownId);
  CHECK(server.GetStatus().unknown_feedbacks() == 1);

  v1::FeedbackRequest feedback = MakeFeedback(id, "f1", 1);
  feedback.set_tenant("intruder");
  error = SendFeedback(server, feedback);
  CHECK(error.error_code() == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(ReasonOf(error) == "OTHER_TENANT");
  Context context;
  v1::ExplainRequest explain;
  v1::ExplainResponse explanation;
  explain.set_decision_id(id);
  explain.set_tenant("intruder");
  CHECK(server.stub().Explain(&context, explain, &explanation).error_code() == grpc::StatusCode::PERMISSION_DENIED);

  error = SendFeedback(server, MakeFeedback(id, "f1", 1.5));
  CHECK(error.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(WrongField(error) == "reward");
  CHECK(WrongField(SendFeedback(server, MakeFeedback("x", "f1", 1))) == "decision_id");
  v1::OutcomeRequest outcome;
  outcome.set_decision_id(id);
  outcome.set_tenant("acme");
  outcome.set_output_tokens(-1);
  CHECK(WrongField(SendOutcome(server, outcome)) == "output_tokens");
  CHECK(server.GetStatus().feedbacks() == 0);
  CHECK(server.GetStatus().outcomes() == 0);
}

TEST_CASE("route refuses what it cannot serve", "[integration]") {
  const TempFolder folder;
  TestServer server(folder, {"--set", "serve.max_prompt_bytes=4096"});
  const auto refusal = [&server](const v1::RouteRequest& request) {
    Context context;
    v1::RouteResponse response;
    return server.stub().Route(&context, request, &response);
  };
  v1::RouteRequest request;
  CHECK(WrongField(refusal(request)) == "prompt");
  request.set_prompt(std::string(4097, 'x'));
  CHECK(WrongField(refusal(request)) == "prompt");
  auto* message = request.mutable_chat()->add_messages();
  message->set_role("user");
  message->set_content(std::string(4097, 'x'));
  CHECK(WrongField(refusal(request)) == "chat.messages");
  request.set_prompt("hello");
  request.set_pinned_tier("nonesuch");
  CHECK(WrongField(refusal(request)) == "pinned_tier");
  request.clear_pinned_tier();
  request.add_required_capabilities("telepathy");
  const grpc::Status error = refusal(request);
  CHECK(error.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(ReasonOf(error) == "NO_ELIGIBLE_TIER");
  // Beyond any prompt: refused by gRPC itself before it is read.
  request.set_prompt(std::string(8 << 20, 'x'));
  CHECK(refusal(request).error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(server.GetStatus().decisions() == 0);
}

TEST_CASE("a dry run leaves nothing", "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  Context context;
  v1::RouteRequest request;
  v1::RouteResponse response;
  request.set_prompt("hello");
  request.set_mode(v1::ROUTE_MODE_DRY_RUN);
  REQUIRE(server.stub().Route(&context, request, &response).ok());
  CHECK_FALSE(response.tier().empty());
  CHECK(SendFeedback(server, MakeFeedback(response.decision_id(), "f1", 1)).error_code() ==
        grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace suffice
