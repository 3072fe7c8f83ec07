// The bulk rpcs against the real server.
#include <fmt/format.h>
#include <grpcpp/support/sync_stream.h>

#include "catch.h"
#include "integration/test_server.h"

namespace suffice {
namespace {

constexpr int kItems = 5000;

v1::FeedbackStreamRequest Item(const v1::FeedbackRequest& feedback) {
  v1::FeedbackStreamRequest item;
  *item.mutable_feedback() = feedback;
  return item;
}

TEST_CASE("a stream of feedback is answered when all is on disk", "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  std::vector<std::string> decisions;
  for (int i = 0; i < 20; ++i) decisions.push_back(server.Route(fmt::format("prompt {}", i)).decision_id());

  for (const bool repeated : {false, true}) {
    Context context;
    v1::FeedbackStreamResponse response;
    const auto writer = server.stub().FeedbackStream(&context, &response);
    for (int i = 0; i < kItems; ++i) {
      REQUIRE(writer->Write(Item(MakeFeedback(decisions[i % 20], fmt::format("f{}", i), (i % 5) / 4.0))));
    }
    writer->WritesDone();
    REQUIRE(writer->Finish().ok());
    CHECK(response.accepted() == (repeated ? 0 : kItems));
    CHECK(response.duplicates() == (repeated ? kItems : 0));
    CHECK(response.rejected() == 0);
  }
  CHECK(server.GetStatus().feedbacks() == kItems);
}

TEST_CASE("one bad item does not stop the others", "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  const std::string decision = server.Route("hello").decision_id();
  Context context;
  v1::FeedbackStreamResponse response;
  const auto writer = server.stub().FeedbackStream(&context, &response);
  for (int i = 0; i < 1000; ++i) {
    const bool bad = i % 2 == 1;
    REQUIRE(writer->Write(Item(MakeFeedback(decision, fmt::format("f{}", i), bad ? 2 : 1))));
  }
  REQUIRE(writer->Write(v1::FeedbackStreamRequest()));
  writer->WritesDone();
  REQUIRE(writer->Finish().ok());
  CHECK(response.accepted() == 500);
  CHECK(response.rejected() == 501);
  REQUIRE(response.errors_size() == 100);
  for (const auto& error : response.errors()) {
    CHECK(error.index() % 2 == 1);
    CHECK(error.code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(error.reason() == "INVALID_FIELD");
    CHECK(error.field() == "reward");
  }
}

TEST_CASE("a stream of outcomes", "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  std::vector<std::string> decisions;
  for (int i = 0; i < 200; ++i) decisions.push_back(server.Route("prompt").decision_id());
  Context context;
  v1::OutcomeStreamResponse response;
  const auto writer = server.stub().OutcomeStream(&context, &response);
  for (int i = 0; i < kItems; ++i) {
    v1::OutcomeStreamRequest item;
    item.mutable_outcome()->set_decision_id(decisions[i % decisions.size()]);
    item.mutable_outcome()->set_output_tokens(100);
    REQUIRE(writer->Write(item));
  }
  writer->WritesDone();
  REQUIRE(writer->Finish().ok());
  CHECK(response.accepted() == 200);
  CHECK(response.duplicates() == kItems - 200);
  CHECK(response.rejected() == 0);
}

TEST_CASE("empty and abandoned streams leave the server well", "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  const std::string decision = server.Route("hello").decision_id();
  {
    Context context;
    v1::FeedbackStreamResponse response;
    const auto writer = server.stub().FeedbackStream(&context, &response);
    writer->WritesDone();
    REQUIRE(writer->Finish().ok());
    CHECK(response.accepted() + response.duplicates() + response.rejected() == 0);
  }
  for (int round = 0; round < 20; ++round) {
    Context context;
    v1::FeedbackStreamResponse response;
    const auto writer = server.stub().FeedbackStream(&context, &response);
    for (int i = 0; i < 200; ++i) {
      writer->Write(Item(MakeFeedback(decision, fmt::format("f{}", round * 1000 + i), 1)));
    }
    context.TryCancel();
    CHECK(writer->Finish().error_code() == grpc::StatusCode::CANCELLED);
  }
  server.Route("still here");
  CHECK(server.Terminate().code == 0);
}

}  // namespace
}  // namespace suffice
