#include "service/convert.h"

#include <cmath>
#include <limits>

#include "base/label.h"
#include "catch.h"
#include "suffice/status.h"

namespace suffice {
namespace {

constexpr char kId[] = "018f3c2e-6b1a-7c3d-8e4f-0123456789ab";

v1::FeedbackRequest GoodFeedback() {
  v1::FeedbackRequest request;
  request.set_feedback_id("f1");
  request.set_decision_id(kId);
  request.set_reward(0.5);
  return request;
}

v1::RouteRequest GoodRoute() {
  v1::RouteRequest request;
  request.set_prompt("hello");
  return request;
}

template <typename Request>
std::string WrongField(const Request& request) {
  const auto converted = FromProto(request);
  if (converted.ok()) return "(none)";
  CHECK(converted.status().code() == absl::StatusCode::kInvalidArgument);
  return FieldOf(converted.status()).value_or("(unnamed)");
}

TEST_CASE("feedback: rewards, thumbs and stars become rewards", "[service]") {
  v1::FeedbackRequest request = GoodFeedback();
  CHECK(FromProto(request)->reward == 0.5);
  request.set_reward(0);
  CHECK(FromProto(request)->reward == 0);
  request.set_thumbs(v1::THUMBS_UP);
  CHECK(FromProto(request)->reward == 1);
  request.set_thumbs(v1::THUMBS_DOWN);
  CHECK(FromProto(request)->reward == 0);
  for (int stars = 1; stars <= 5; ++stars) {
    request.set_stars(stars);
    CHECK(FromProto(request)->reward == (stars - 1) / 4.0);
  }
}

TEST_CASE("feedback: what is no value is refused by name", "[service]") {
  v1::FeedbackRequest request = GoodFeedback();
  for (const double reward : {-0.001, 1.001, std::nan(""), std::numeric_limits<double>::infinity()}) {
    request.set_reward(reward);
    CHECK(WrongField(request) == "reward");
  }
  for (const int stars : {0, 6, -1}) {
    request.set_stars(stars);
    CHECK(WrongField(request) == "stars");
  }
  request.set_thumbs(v1::THUMBS_UNSPECIFIED);
  CHECK(WrongField(request) == "thumbs");
  request.set_thumbs(static_cast<v1::Thumbs>(9));
  CHECK(WrongField(request) == "thumbs");
  request.clear_value();
  CHECK(WrongField(request) == "reward");
}

TEST_CASE("feedback: ids, source and labels", "[service]") {
  v1::FeedbackRequest request = GoodFeedback();
  CHECK(FromProto(request)->source == FeedbackSource::kUser);
  CHECK(FromProto(request)->decision_id.ToString() == kId);
  request.set_source(v1::FEEDBACK_SOURCE_JUDGE);
  request.set_judge_version("judge 3");
  CHECK(FromProto(request)->source == FeedbackSource::kJudge);
  CHECK(FromProto(request)->judge_version == "judge 3");
  request.set_source(static_cast<v1::FeedbackSource>(77));
  CHECK(WrongField(request) == "source");

  request = GoodFeedback();
  request.clear_feedback_id();
  CHECK(WrongField(request) == "feedback_id");
  request.set_feedback_id(std::string(kMaxLabelBytes, 'f'));
  CHECK(WrongField(request) == "(none)");
  request.set_feedback_id(std::string(kMaxLabelBytes + 1, 'f'));
  CHECK(WrongField(request) == "feedback_id");

  request = GoodFeedback();
  for (const char* bad : {"", "1", "018f3c2e6b1a7c3d8e4f0123456789ab", "018f3c2e-6b1a-7c3d-8e4f-0123456789ag"}) {
    request.set_decision_id(bad);
    CHECK(WrongField(request) == "decision_id");
  }
}

TEST_CASE("route: every field arrives", "[service]") {
  v1::RouteRequest request;
  request.set_request_id("r1");
  request.set_tenant("acme");
  request.set_session("s1");
  auto* message = request.mutable_chat()->add_messages();
  message->set_role("user");
  message->set_content("hello");
  request.add_embedding(0.25f);
  (*request.mutable_numeric_features())["b"] = 2;
  (*request.mutable_numeric_features())["a"] = 1;
  (*request.mutable_categorical_features())["plan"] = "pro";
  request.set_max_output_tokens(100);
  request.add_required_capabilities("json");
  request.set_required_context_tokens(4000);
  request.add_allowed_tiers("small");
  request.set_pinned_tier("small");
  request.set_caller_tier("large");
  request.set_mode(v1::ROUTE_MODE_DRY_RUN);

  const auto converted = FromProto(request);
  REQUIRE(converted.ok());
  CHECK(converted->request_id == "r1");
  CHECK(converted->tenant == "acme");
  CHECK(converted->session == "s1");
  CHECK(converted->prompt.empty());
  REQUIRE(converted->messages.size() == 1);
  CHECK(converted->messages[0].role == "user");
  CHECK(converted->messages[0].content == "hello");
  CHECK(converted->embedding == std::vector<float>{0.25f});
  CHECK(converted->numeric_features == std::vector<std::pair<std::string, double>>{{"a", 1}, {"b", 2}});
  CHECK(converted->categorical_features == std::vector<std::pair<std::string, std::string>>{{"plan", "pro"}});
  CHECK(converted->max_output_tokens == 100);
  CHECK(converted->required_capabilities == std::vector<std::string>{"json"});
  CHECK(converted->required_context_tokens == 4000);
  CHECK(converted->allowed_tiers == std::vector<std::string>{"small"});
  CHECK(converted->pinned_tier == "small");
  CHECK(converted->caller_tier == "large");
  CHECK(converted->dry_run);
  request.set_mode(v1::ROUTE_MODE_UNSPECIFIED);
  CHECK_FALSE(FromProto(request)->dry_run);
}

TEST_CASE("route: what is wrong is refused by name", "[service]") {
  CHECK(WrongField(v1::RouteRequest()) == "prompt");
  v1::RouteRequest request = GoodRoute();
  request.mutable_chat();
  CHECK(WrongField(request) == "chat.messages");
  request = GoodRoute();
  request.set_mode(static_cast<v1::RouteMode>(5));
  CHECK(WrongField(request) == "mode");
  request = GoodRoute();
  request.add_embedding(std::nanf(""));
  CHECK(WrongField(request) == "embedding");
  request = GoodRoute();
  (*request.mutable_numeric_features())["x"] = std::nan("");
  CHECK(WrongField(request) == "numeric_features");
  request = GoodRoute();
  (*request.mutable_categorical_features())["x"] = std::string(kMaxLabelBytes + 1, 'v');
  CHECK(WrongField(request) == "categorical_features");
  request = GoodRoute();
  for (int i = 0; i <= kMaxLabels; ++i) request.add_allowed_tiers("tier");
  CHECK(WrongField(request) == "allowed_tiers");

  const std::string label(kMaxLabelBytes + 1, 'x');
  request = GoodRoute();
  request.set_request_id(label);
  CHECK(WrongField(request) == "request_id");
  request = GoodRoute();
  request.set_tenant(label);
  CHECK(WrongField(request) == "tenant");
  request = GoodRoute();
  request.set_session(label);
  CHECK(WrongField(request) == "session");
  request = GoodRoute();
  request.add_required_capabilities(label);
  CHECK(WrongField(request) == "required_capabilities");
}

TEST_CASE("outcome: what was not told stays not told", "[service]") {
  v1::OutcomeRequest request;
  request.set_decision_id(kId);
  const auto bare = FromProto(request);
  REQUIRE(bare.ok());
  CHECK(bare->status == CallStatus::kOk);
  CHECK_FALSE(bare->input_tokens);
  CHECK_FALSE(bare->output_tokens);
  CHECK_FALSE(bare->cost_usd);
  CHECK_FALSE(bare->time_to_first_token_ms);
  CHECK_FALSE(bare->latency_ms);

  request.set_status(v1::CALL_STATUS_TIMEOUT);
  request.set_input_tokens(0);
  request.set_output_tokens(7);
  request.set_cost_usd(0.25);
  request.set_time_to_first_token_ms(12);
  request.set_latency_ms(34);
  request.set_retries(2);
  request.set_served_tier("large");
  const auto full = FromProto(request);
  REQUIRE(full.ok());
  CHECK(full->status == CallStatus::kTimeout);
  CHECK(full->input_tokens == 0);
  CHECK(full->output_tokens == 7);
  CHECK(full->cost_usd == 0.25);
  CHECK(full->time_to_first_token_ms == 12.0);
  CHECK(full->latency_ms == 34.0);
  CHECK(full->retries == 2);
  CHECK(full->served_tier == "large");

  request.set_status(static_cast<v1::CallStatus>(42));
  CHECK(WrongField(request) == "status");
  request.clear_status();
  request.set_decision_id("x");
  CHECK(WrongField(request) == "decision_id");
}

TEST_CASE("decision: excluded tiers are told with their reasons", "[service]") {
  Decision decision;
  decision.id = *DecisionId::Parse(kId);
  decision.tier = "small";
  decision.model = "model-s";
  decision.thinking_budget_tokens = 512;
  decision.deployments = {{"eu", "https://eu.example"}};
  decision.fallbacks = {"large"};
  decision.propensity = 0.75;
  decision.quality = {0.5, 0.25, 0.875};
  decision.tiers.resize(3);
  decision.tiers[0].tier = "small";
  decision.tiers[0].propensity = 0.75;
  decision.tiers[1].tier = "large";
  decision.tiers[1].propensity = 0.25;
  decision.tiers[2].tier = "tiny";
  decision.tiers[2].exclusion = ExclusionReason::kContextWindow;
  decision.tiers[2].exclusion_detail = "needs 9000 of 8000 tokens";
  decision.mode = Mode::kApprentice;
  decision.policy_tier = "large";
  decision.replayed = true;

  v1::RouteResponse response;
  ToProto(decision, &response);
  CHECK(response.decision_id() == kId);
  CHECK(response.tier() == "small");
  CHECK(response.model() == "model-s");
  CHECK(response.parameters().thinking_budget_tokens() == 512);
  REQUIRE(response.parameters().deployments_size() == 1);
  CHECK(response.parameters().deployments(0).url() == "https://eu.example");
  REQUIRE(response.fallbacks_size() == 1);
  CHECK(response.fallbacks(0) == "large");
  CHECK(response.quality().low() == 0.25);
  CHECK(response.quality().high() == 0.875);
  REQUIRE(response.tiers_size() == 3);
  CHECK(response.tiers(1).propensity() == 0.25);
  REQUIRE(response.excluded_size() == 1);
  CHECK(response.excluded(0).tier() == "tiny");
  CHECK(response.excluded(0).reason() == v1::EXCLUSION_REASON_CONTEXT_WINDOW);
  CHECK(response.excluded(0).detail() == "needs 9000 of 8000 tokens");
  CHECK(response.mode() == v1::SERVICE_MODE_APPRENTICE);
  CHECK(response.policy_tier() == "large");
  CHECK(response.replayed());
}

TEST_CASE("the engine's word for the chat becomes the message's", "[service]") {
  const absl::Status renamed = WithProtoFieldNames(InvalidField("messages", "expected at most 5 bytes, got 6"));
  CHECK(FieldOf(renamed) == "chat.messages");
  CHECK(std::string(renamed.message()) == "chat.messages: expected at most 5 bytes, got 6");
  CHECK(FieldOf(WithProtoFieldNames(InvalidField("prompt", "x"))) == "prompt");
}

}  // namespace
}  // namespace suffice
