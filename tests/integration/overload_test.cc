// Requests beyond serve.max_in_flight, at the real binary: records are held up by a database that another connection
// has locked, so how many are in flight does not depend on time.
#include <fmt/format.h>

#include <csignal>
#include <memory>

#include "catch.h"
#include "integration/database_lock.h"
#include "integration/try_calls.h"

namespace suffice {
namespace {

// Feedbacks sent all at once.
class Burst {
 public:
  Burst(TestServer& server, const std::string& decision_id, int count) : calls_(count) {
    for (int i = 0; i < count; ++i) {
      Call& call = calls_[i];
      call.reader = server.stub().AsyncFeedback(
          &call.context, MakeFeedback(decision_id, "burst-" + decision_id + "-" + std::to_string(i), 1), &queue_);
      call.reader->Finish(&call.response, &call.status, &call);
    }
  }
  // Of whichever call ends next.
  grpc::Status Next() {
    void* tag = nullptr;
    bool ok = false;
    REQUIRE(queue_.Next(&tag, &ok));
    return static_cast<const Call*>(tag)->status;
  }

 private:
  struct Call {
    Context context;
    v1::FeedbackResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::FeedbackResponse>> reader;
  };
  grpc::CompletionQueue queue_;
  std::vector<Call> calls_;
};

// Sends `allowed` + 5 while nothing can be committed: five are refused at once, the others wait and are recorded.
void CheckAllowed(TestServer& server, const TempFolder& folder, int allowed) {
  constexpr int kBeyond = 5;
  const std::string decision = server.Route("hello").decision_id();
  auto lock = std::make_unique<DatabaseLock>(folder.Path("log.db"));
  Burst burst(server, decision, allowed + kBeyond);
  for (int i = 0; i < kBeyond; ++i) {
    const grpc::Status refused = burst.Next();
    CHECK(refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
    CHECK(ReasonOf(refused) == "OVERLOADED");
    const auto retry = DetailOf<google::rpc::RetryInfo>(refused);
    REQUIRE(retry.has_value());
    CHECK(retry->retry_delay().nanos() > 0);
  }
  // Records take no more than their share: Route still answers.
  CHECK_FALSE(server.Route("while records wait").decision_id().empty());
  lock.reset();
  for (int i = 0; i < allowed; ++i) CHECK(burst.Next().ok());
}

TEST_CASE("requests beyond serve.max_in_flight are refused at once, and a reload changes it", "[overload]") {
  const TempFolder folder;
  const std::string policy = folder.Path("policy.yaml");
  const auto write = [&](int limit) { WriteTwoTiers(policy, fmt::format("max_in_flight: {}", limit)); };
  write(4);
  TestServer server(folder, {"--config", policy});
  CheckAllowed(server, folder, 3);
  write(8);
  server.process().Signal(SIGHUP);
  server.process().WaitForStderr("reloaded ");
  CheckAllowed(server, folder, 6);
  CHECK(server.Terminate().code == 0);
}

}  // namespace
}  // namespace suffice
