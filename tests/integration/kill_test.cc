// kill -9 in the middle of load, again and again on one database: what was acknowledged is there, and counts once.
#include <fmt/format.h>
#include <sqlite3.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "catch.h"
#include "integration/try_calls.h"

namespace suffice {
namespace {

constexpr int kClients = 4;

// SUFFICE_KILL_ROUNDS: how often; 20 without it.
int Rounds() {
  const char* const rounds = std::getenv("SUFFICE_KILL_ROUNDS");
  return rounds == nullptr ? 20 : std::stoi(rounds);
}

// What the clients know to be on disk.
class Acknowledged {
 public:
  void Add(const std::string& feedback_id, double reward) {
    absl::MutexLock lock(&mutex_);
    rewards_[feedback_id] = reward;
  }
  void WaitFor(size_t count) {
    const auto reached = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return rewards_.size() >= count; };
    absl::MutexLock lock(&mutex_);
    REQUIRE(mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(60)));
  }
  std::map<std::string, double> rewards() const {
    absl::MutexLock lock(&mutex_);
    return rewards_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, double> rewards_ ABSL_GUARDED_BY(mutex_);
};

// Routes and sends feedback until the server is gone.
void Load(TestServer& server, const std::string& name, Acknowledged& acknowledged) {
  for (int i = 0;; ++i) {
    v1::RouteRequest request;
    v1::RouteResponse decision;
    request.set_prompt(fmt::format("prompt number {}", i));
    Context route;
    if (!server.stub().Route(&route, request, &decision).ok()) return;
    const std::string id = fmt::format("{}-{}", name, i);
    const double reward = (i % 5) / 4.0;
    v1::FeedbackResponse response;
    Context feedback;
    if (!server.stub().Feedback(&feedback, MakeFeedback(decision.decision_id(), id, reward), &response).ok()) return;
    acknowledged.Add(id, reward);
  }
}

// The feedback rows of a database that no server has open.
std::map<std::string, double> StoredRewards(const std::string& path) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  REQUIRE(sqlite3_prepare_v2(db, "SELECT feedback_id, reward FROM feedback", -1, &statement, nullptr) == SQLITE_OK);
  std::map<std::string, double> rewards;
  size_t rows = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    rewards[reinterpret_cast<const char*>(sqlite3_column_text(statement, 0))] = sqlite3_column_double(statement, 1);
    ++rows;
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  CHECK(rows == rewards.size());
  return rewards;
}

void CheckAllStored(const Acknowledged& acknowledged, const std::map<std::string, double>& stored) {
  int lost = 0;
  for (const auto& [id, reward] : acknowledged.rewards()) {
    const auto found = stored.find(id);
    if (found == stored.end() || found->second != reward) ++lost;
  }
  CHECK(lost == 0);
}

void KillUnderLoad(const TempFolder& folder, int round, Acknowledged& acknowledged) {
  TestServer server(folder);
  const size_t before = acknowledged.rewards().size();
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    const std::string name = fmt::format("{}-{}", round, c);
    clients.emplace_back([&server, &acknowledged, name] { Load(server, name, acknowledged); });
  }
  acknowledged.WaitFor(before + 20 + 5 * static_cast<size_t>(round % 20));
  server.process().Signal(SIGKILL);
  for (std::thread& client : clients) client.join();
  CHECK(server.process().Wait().signal == SIGKILL);
}

TEST_CASE("kill -9 under load loses nothing that was acknowledged, and nothing counts twice", "[integration]") {
  const TempFolder folder;
  Acknowledged acknowledged;
  const int rounds = Rounds();
  for (int round = 0; round < rounds; ++round) {
    KillUnderLoad(folder, round, acknowledged);
    CheckAllStored(acknowledged, StoredRewards(folder.Path("log.db")));
  }
  CheckRebuilds(folder.Path("log.db"));
  const std::map<std::string, double> stored = StoredRewards(folder.Path("log.db"));
  {
    TestServer server(folder);
    // One feedback a decision: the statistics hold each once.
    CHECK(server.GetStatus().observations() == static_cast<int64_t>(stored.size()));
    CHECK(server.Terminate().code == 0);
  }
  CheckRebuildAgrees(folder.Path("log.db"));
}

}  // namespace
}  // namespace suffice
