// The server on a disk that is slow, fails, is read-only, or is held by another program.
#include <fmt/format.h>
#include <grpcpp/support/async_unary_call.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "catch.h"
#include "integration/database_lock.h"
#include "integration/faults.h"
#include "integration/try_calls.h"
#include "private_mount.h"

namespace suffice {
namespace {

// A feedback that waits for its answer.
class PendingFeedback {
 public:
  PendingFeedback(TestServer& server, const std::string& decision, const std::string& id) {
    reader_ = server.stub().AsyncFeedback(&context_, MakeFeedback(decision, id, 1), &queue_);
    reader_->Finish(&response_, &status_, this);
  }
  ~PendingFeedback() {
    if (!answered_) Wait();
  }
  bool IsAnswered() {
    if (!answered_) answered_ = Next(std::chrono::system_clock::now()) == grpc::CompletionQueue::GOT_EVENT;
    return answered_;
  }
  grpc::Status Wait() {
    if (!answered_) answered_ = Next(std::chrono::system_clock::now() + std::chrono::seconds(40)) ==
                                grpc::CompletionQueue::GOT_EVENT;
    REQUIRE(answered_);
    return status_;
  }

 private:
  grpc::CompletionQueue::NextStatus Next(std::chrono::system_clock::time_point deadline) {
    void* tag = nullptr;
    bool ok = false;
    return queue_.AsyncNext(&tag, &ok, deadline);
  }

  grpc::CompletionQueue queue_;
  Context context_;
  v1::FeedbackResponse response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::FeedbackResponse>> reader_;
  bool answered_ = false;
};

bool MayPreload() {
  if (!Faults::Possible()) WARN("skipped: a sanitizer is linked in");
  return Faults::Possible();
}

}  // namespace

TEST_CASE("while a sync hangs Route answers, feedback waits for it, and the queue has its bound", "[integration]") {
  if (!MayPreload()) return;
  const TempFolder folder;
  Faults faults(folder);
  TestServer server(folder, {"--set", "log.queue_capacity=20"});
  const std::string before = server.Route("before").decision_id();
  REQUIRE(TryFeedback(server, before, "f0").ok());

  faults->hold_syncs = 1;
  PendingFeedback pending(server, before, "f1");
  Until([&] { return faults->held > 0; });
  std::vector<std::string> decisions;
  grpc::Status refusal;
  for (v1::RouteResponse decision; (refusal = TryRoute(server, "served", "", &decision)).ok();) {
    decisions.push_back(decision.decision_id());
  }
  CHECK(decisions.size() >= 18);  // the feedback, and what the sync holds, wait too
  CHECK(decisions.size() <= 20);
  CHECK(refusal.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(ReasonOf(refusal) == "QUEUE_FULL");
  CHECK_FALSE(pending.IsAnswered());

  const int64_t synced = faults->synced;
  faults->hold_syncs = 0;
  CHECK(pending.Wait().ok());
  CHECK(faults->synced > synced);
  for (const std::string& id : decisions) CHECK(TryFeedback(server, id, id).ok());
  CHECK(server.Terminate().code == 0);
  CheckRebuildAgrees(folder.Path("log.db"));
}

TEST_CASE("a disk that fails or turns read-only is named, and the server goes on when it is well", "[integration]") {
  if (!MayPreload()) return;
  const TempFolder folder;
  Faults faults(folder);
  TestServer server(folder);
  const std::string before = server.Route("before").decision_id();
  REQUIRE(TryFeedback(server, before, "f0").ok());

  const auto check = [&](std::atomic<int32_t>& fault, int error, const std::string& id) {
    fault = error;
    const grpc::Status refusal = TryFeedback(server, before, id);
    CheckUnavailable(refusal);
    for (const std::string& text : {refusal.error_message(), server.GetStatus().log_error()}) {
      INFO(text);
      CHECK(text.find(std::strerror(error)) != std::string::npos);
      CHECK(text.find(folder.Path("log.db")) != std::string::npos);
    }
    std::vector<std::string> decisions;
    for (int i = 0; i < 50; ++i) decisions.push_back(server.Route("served").decision_id());
    fault = 0;
    Until([&] { return server.GetStatus().log_error().empty() && server.GetStatus().log_queue() == 0; });
    CHECK(TryFeedback(server, before, id).ok());
    for (const std::string& decision : decisions) CHECK(TryFeedback(server, decision, decision).ok());
  };
  check(faults->sync_errno, EIO, "sync");
  check(faults->write_errno, EIO, "write");
  check(faults->write_errno, EROFS, "read-only");
  CHECK(server.Terminate().code == 0);
  CheckRebuildAgrees(folder.Path("log.db"));
}

// Ahead of the kernel's, the server's clock is as one that is set back during a wait: were the wait until a time of day, it
// would last an hour.
TEST_CASE("a wall clock that is set holds up neither rows nor learning, and ids stay in order", "[integration]") {
  if (!MayPreload()) return;
  const TempFolder folder;
  Faults faults(folder);
  TestServer server(folder);
  std::vector<std::string> decisions;
  for (const int64_t ahead_s : {0, 3600, -7200, 86'400, 0}) {
    faults->clock_ahead_s = ahead_s;
    for (int i = 0; i < 20; ++i) decisions.push_back(server.Route("prompt").decision_id());
    const auto count = static_cast<int64_t>(decisions.size());
    Until([&] { return server.GetStatus().decisions() == count && server.GetStatus().log_queue() == 0; });
    const int64_t snapshot = server.GetStatus().snapshot();
    CHECK(TryFeedback(server, decisions.back(), decisions.back()).ok());
    Until([&] { return server.GetStatus().snapshot() > snapshot; });
  }
  CHECK(std::is_sorted(decisions.begin(), decisions.end()));
  CHECK(std::adjacent_find(decisions.begin(), decisions.end()) == decisions.end());
  CHECK(server.Terminate().code == 0);
  CheckRebuildAgrees(folder.Path("log.db"));
}

TEST_CASE("while another program holds the database Route answers, and feedback is refused until it lets go",
          "[integration]") {
  const TempFolder folder;
  TestServer server(folder);
  const std::string before = server.Route("before").decision_id();
  REQUIRE(TryFeedback(server, before, "f0").ok());
  std::vector<std::string> decisions;
  {
    const DatabaseLock lock(folder.Path("log.db"));
    PendingFeedback pending(server, before, "f1");
    for (int i = 0; i < 50; ++i) decisions.push_back(server.Route("served").decision_id());
    const grpc::Status refusal = pending.Wait();
    CheckUnavailable(refusal);
    CHECK(refusal.error_message().find("log.db: SQLite: database is locked") != std::string::npos);
    CHECK(server.Route("served").decision_id() != "");
  }
  CHECK(TryFeedback(server, before, "f1").ok());
  for (const std::string& decision : decisions) CHECK(TryFeedback(server, decision, decision).ok());
  CHECK(server.GetStatus().log_error().empty());
  CHECK(server.Terminate().code == 0);
  CheckRebuildAgrees(folder.Path("log.db"));
}

TEST_CASE("a database that may not be written is refused at the start, by its name and the reason", "[integration]") {
  const bool root = ::geteuid() == 0;
  if (root && !PrivateMount::Possible()) {
    WARN("skipped: root may write everything, and nothing can be mounted");
    return;
  }
  const TempFolder folder;
  std::optional<PrivateMount> disk;
  if (root) disk.emplace(folder.Path(""), "16m");
  const std::string database = folder.Path("log.db");
  {
    TestServer server(folder);
    REQUIRE(TryFeedback(server, server.Route("before").decision_id(), "f0").ok());
    REQUIRE(server.Terminate().code == 0);
  }
  const auto refused = [&](const std::string& reason) {
    ChildProcess server({"serve", "--listen", "127.0.0.1:0", "--config", Policy("two_tiers.yaml"), "--db", database});
    CHECK(server.Wait().code == 1);
    INFO(server.err());
    CHECK(server.err().find(database) != std::string::npos);
    CHECK(server.err().find(reason) != std::string::npos);
  };
  if (root) {
    disk->MakeReadOnly();
    refused("Read-only file system");
    disk->MakeWritable();
  } else {
    using std::filesystem::perms;
    std::filesystem::permissions(database, perms::owner_read);
    refused("Permission denied");
    std::filesystem::permissions(database, perms::owner_read | perms::owner_write);
    std::filesystem::remove(database + ".lock");
    std::filesystem::permissions(folder.Path(""), perms::owner_read | perms::owner_exec);
    refused("Permission denied");
    std::filesystem::permissions(folder.Path(""), perms::owner_all);
  }
  TestServer server(folder);
  CHECK(server.GetStatus().observations() == 1);
  CHECK(server.Terminate().code == 0);
}

}  // namespace suffice
