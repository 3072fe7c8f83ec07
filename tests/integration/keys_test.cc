// serve.keys_file at the real binary.
#include <grpcpp/create_channel.h>

#include <csignal>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "integration/try_calls.h"
#include "suffice/v1/admin.grpc.pb.h"

namespace suffice {
namespace {

struct NewKey {
  std::string entry;
  std::string key;
};

NewKey MakeKey(const std::string& name, const std::string& scopes, const std::vector<std::string>& more = {}) {
  std::vector<std::string> args = {"new-key", "--name", name, "--scopes", scopes};
  args.insert(args.end(), more.begin(), more.end());
  ChildProcess process(args);
  REQUIRE(process.Wait().code == 0);
  NewKey made{.entry = process.out(), .key = process.err()};
  REQUIRE(made.key.ends_with("\n"));
  made.key.pop_back();
  CHECK(made.entry.find(made.key) == std::string::npos);
  return made;
}

struct Keyed : Context {
  explicit Keyed(const std::string& key) { AddMetadata("authorization", "Bearer " + key); }
};

grpc::Status Route(TestServer& server, grpc::ClientContext& context, const std::string& tenant,
                   v1::RouteResponse* response) {
  v1::RouteRequest request;
  request.set_prompt("hello");
  request.set_tenant(tenant);
  return server.stub().Route(&context, request, response);
}

std::string RouteReason(TestServer& server, const std::string& key, const std::string& tenant = "") {
  Keyed context(key);
  v1::RouteResponse response;
  const grpc::Status status = Route(server, context, tenant, &response);
  return status.ok() ? "OK" : ReasonOf(status);
}

v1::FeedbackStreamResponse StreamFeedback(TestServer& server, const std::string& key,
                                          const std::vector<v1::FeedbackRequest>& feedbacks) {
  Keyed context(key);
  v1::FeedbackStreamResponse response;
  const auto writer = server.stub().FeedbackStream(&context, &response);
  for (const auto& feedback : feedbacks) {
    v1::FeedbackStreamRequest item;
    *item.mutable_feedback() = feedback;
    writer->Write(item);
  }
  writer->WritesDone();
  REQUIRE(writer->Finish().ok());
  return response;
}

TEST_CASE("each rpc asks for a key, its scope and its tenant", "[keys]") {
  const TempFolder folder;
  const NewKey all = MakeKey("all", "route,feedback,admin");
  const NewKey shop = MakeKey("shop", "route,feedback", {"--tenant", "shop"});
  const NewKey teacher = MakeKey("teacher", "feedback");
  const std::string file = folder.Path("keys.yaml");
  std::ofstream(file) << all.entry << shop.entry << teacher.entry;
  TestServer server(folder, {"--set", "serve.keys_file=\"" + file + "\""});

  {
    Context context;
    v1::RouteResponse response;
    const grpc::Status status = Route(server, context, "", &response);
    CHECK(status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
    CHECK(ReasonOf(status) == "UNAUTHENTICATED");
  }
  CHECK(RouteReason(server, "wrong") == "UNAUTHENTICATED");
  CHECK(RouteReason(server, all.key) == "OK");
  CHECK(RouteReason(server, all.key, "anybody") == "OK");
  CHECK(RouteReason(server, shop.key, "shop") == "OK");
  CHECK(RouteReason(server, shop.key, "other") == "OTHER_TENANT");
  CHECK(RouteReason(server, teacher.key) == "NOT_ALLOWED");

  // An empty tenant is the key's, in decisions, records, streams and explanations.
  v1::RouteResponse decision;
  {
    Keyed context(shop.key);
    REQUIRE(Route(server, context, "", &decision).ok());
  }
  const auto feedback = [&](const std::string& id, const std::string& tenant) {
    v1::FeedbackRequest request = MakeFeedback(decision.decision_id(), id, 1);
    request.set_tenant(tenant);
    return request;
  };
  v1::FeedbackResponse recorded;
  {
    Keyed context(shop.key);
    CHECK(server.stub().Feedback(&context, feedback("f1", ""), &recorded).ok());
  }
  {
    Keyed context(all.key);
    CHECK(server.stub().Feedback(&context, feedback("f2", "shop"), &recorded).ok());
  }
  const auto streamed = StreamFeedback(server, shop.key, {feedback("f3", ""), feedback("f4", "other")});
  CHECK(streamed.accepted() == 1);
  REQUIRE(streamed.errors_size() == 1);
  CHECK(streamed.errors(0).index() == 1);
  CHECK(streamed.errors(0).reason() == "OTHER_TENANT");
  v1::ExplainRequest explain;
  v1::ExplainResponse explanation;
  explain.set_decision_id(decision.decision_id());
  {
    Keyed context(shop.key);
    CHECK(server.stub().Explain(&context, explain, &explanation).ok());
  }
  {
    Keyed context(teacher.key);
    CHECK(ReasonOf(server.stub().Explain(&context, explain, &explanation)) == "NOT_ALLOWED");
  }

  // Status is for admins, of both services; health is for everybody.
  const auto admin = v1::AdminService::NewStub(server.channel());
  const auto status_reason = [&](const std::string& key) {
    Keyed first(key), second(key);
    v1::GetStatusResponse response;
    v1::AdminServiceGetStatusResponse full;
    const grpc::Status router = server.stub().GetStatus(&first, {}, &response);
    const grpc::Status both = admin->GetStatus(&second, {}, &full);
    CHECK(router.error_code() == both.error_code());
    return router.ok() ? "OK" : ReasonOf(router);
  };
  CHECK(status_reason(all.key) == "OK");
  CHECK(status_reason(shop.key) == "NOT_ALLOWED");
  CHECK(status_reason("wrong") == "UNAUTHENTICATED");
  {
    Context context;
    grpc::health::v1::HealthCheckResponse health;
    CHECK(grpc::health::v1::Health::NewStub(server.channel())->Check(&context, {}, &health).ok());
  }

  // The command line shows its key.
  const std::string key_file = folder.Path("all.key");
  std::ofstream(key_file) << all.key << '\n';
  ChildProcess call({"call", "route", "--prompt", "hi", "--address", server.address(), "--key-file", key_file});
  CHECK(call.Wait().code == 0);
  ChildProcess status({"status", "--address", server.address(), "--key-file", key_file});
  CHECK(status.Wait().code == 0);
  ChildProcess without({"call", "route", "--prompt", "hi", "--address", server.address()});
  CHECK(without.Wait().code == 1);
  CHECK(without.err().find("UNAUTHENTICATED") != std::string::npos);

  CHECK(server.Terminate().code == 0);
  // Each feedback is signed with its key's name.
  const std::string exported = folder.Path("log.jsonl");
  ChildProcess exporting({"export", "--db", folder.Path("log.db"), "--out", exported});
  CHECK(exporting.Wait().code == 0);
  std::ifstream lines(exported);
  std::map<std::string, std::string> sender_of;
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    if (row["kind"] == "feedback") sender_of[row["feedback_id"]] = row["sender"];
  }
  CHECK(sender_of == std::map<std::string, std::string>{{"f1", "shop"}, {"f2", "all"}, {"f3", "shop"}});
  for (const NewKey& made : {all, shop, teacher}) CHECK(server.process().err().find(made.key) == std::string::npos);
}

TEST_CASE("keys are read again at SIGHUP, and a bad file leaves the old ones", "[keys]") {
  const TempFolder folder;
  const NewKey old = MakeKey("old", "route");
  const NewKey fresh = MakeKey("fresh", "route");
  const std::string file = folder.Path("keys.yaml");
  std::ofstream(file) << old.entry;
  TestServer server(folder, {"--set", "serve.keys_file=\"" + file + "\""});
  CHECK(RouteReason(server, fresh.key) == "UNAUTHENTICATED");

  std::ofstream(file, std::ios::trunc) << fresh.entry << fresh.entry;
  server.process().Signal(SIGHUP);
  server.process().WaitForStderr("not reloaded: " + file + ":");
  server.process().WaitForStderr("the old configuration serves on");
  CHECK(RouteReason(server, old.key) == "OK");

  std::ofstream(file, std::ios::trunc) << fresh.entry;
  server.process().Signal(SIGHUP);
  server.process().WaitForStderr("reloaded ");
  CHECK(RouteReason(server, fresh.key) == "OK");
  CHECK(RouteReason(server, old.key) == "UNAUTHENTICATED");
}

// A stream that stays open, with one item on its way.
struct OpenStream {
  Keyed context;
  v1::FeedbackStreamResponse response;
  std::unique_ptr<grpc::ClientWriter<v1::FeedbackStreamRequest>> writer;

  OpenStream(TestServer& server, const std::string& key, const std::string& decision_id, const std::string& id)
      : context(key), writer(server.stub().FeedbackStream(&context, &response)) {
    v1::FeedbackStreamRequest item;
    *item.mutable_feedback() = MakeFeedback(decision_id, id, 1);
    REQUIRE(writer->Write(item));
  }
};

TEST_CASE("a stream ends when its key is revoked or changed, and others go on", "[keys]") {
  const TempFolder folder;
  const NewKey admin = MakeKey("admin", "route,admin");
  const NewKey stays = MakeKey("stays", "feedback"), revoked = MakeKey("revoked", "feedback");
  const NewKey changed = MakeKey("changed", "feedback");
  const std::string file = folder.Path("keys.yaml");
  std::ofstream(file) << admin.entry << stays.entry << revoked.entry << changed.entry;
  TestServer server(folder, {"--set", "serve.keys_file=\"" + file + "\""});
  v1::RouteResponse decision;
  {
    Keyed context(admin.key);
    REQUIRE(Route(server, context, "", &decision).ok());
  }
  const auto recorded = [&] {
    Keyed context(admin.key);
    v1::GetStatusResponse status;
    REQUIRE(server.stub().GetStatus(&context, {}, &status).ok());
    return status.feedbacks();
  };
  OpenStream stay(server, stays.key, decision.decision_id(), "stays");
  OpenStream revoke(server, revoked.key, decision.decision_id(), "revoked");
  OpenStream change(server, changed.key, decision.decision_id(), "changed");
  Until([&] { return recorded() == 3; });

  std::ofstream(file, std::ios::trunc) << admin.entry << stays.entry << changed.entry << "  tenant: other\n";
  server.process().Signal(SIGHUP);
  server.process().WaitForStderr("reloaded ");
  for (OpenStream* ended : {&revoke, &change}) {
    const grpc::Status status = ended->writer->Finish();  // nothing was sent since, nor is the stream done
    CHECK(status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
    CHECK(ReasonOf(status) == "UNAUTHENTICATED");
  }
  v1::FeedbackStreamRequest item;
  *item.mutable_feedback() = MakeFeedback(decision.decision_id(), "stays too", 1);
  CHECK(stay.writer->Write(item));
  stay.writer->WritesDone();
  CHECK(stay.writer->Finish().ok());
  CHECK(stay.response.accepted() == 2);
  CHECK(server.Terminate().code == 0);
}

TEST_CASE("a key's rate holds for calls and items of streams", "[keys]") {
  const TempFolder folder;
  // A token in 1,000 s: none comes back while the test runs.
  const NewKey slow = MakeKey("slow", "route,feedback", {"--requests-per-second", "0.001"});
  const std::string file = folder.Path("keys.yaml");
  std::ofstream(file) << slow.entry << "  burst: 3\n";
  TestServer server(folder, {"--set", "serve.keys_file=\"" + file + "\""});
  v1::RouteResponse decision;
  {
    Keyed context(slow.key);
    REQUIRE(Route(server, context, "", &decision).ok());
  }
  // One for the stream itself, one for its first item.
  const auto streamed = StreamFeedback(
      server, slow.key, {MakeFeedback(decision.decision_id(), "a", 1), MakeFeedback(decision.decision_id(), "b", 1)});
  CHECK(streamed.accepted() == 1);
  REQUIRE(streamed.errors_size() == 1);
  CHECK(streamed.errors(0).reason() == "RATE_LIMITED");
  Keyed context(slow.key);
  const grpc::Status refused = Route(server, context, "", &decision);
  CHECK(refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(ReasonOf(refused) == "RATE_LIMITED");
  const auto retry = DetailOf<google::rpc::RetryInfo>(refused);
  REQUIRE(retry.has_value());
  CHECK(retry->retry_delay().seconds() > 900);
}

}  // namespace
}  // namespace suffice
