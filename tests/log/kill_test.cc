// Acknowledged means on disk: a process that appends is killed at a random point, and everything that it was told is
// there. The process is this test binary again, running the hidden test case below.
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "catch.h"
#include "log/log_testing.h"

namespace suffice {
namespace {

constexpr int kAckDescriptor = 3;  // where the victim tells what was acknowledged
constexpr uint32_t kPerRound = 1'000'000;
constexpr int kInFlight = 40;

// Starts the victim; its acknowledgements, each a uint32_t, come from `acks`.
pid_t StartVictim(const std::string& path, uint32_t round, int& acks) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], kAckDescriptor);
  std::string program = "test_log", name = "victim of the kill test", path_variable = "SUFFICE_TEST_DATABASE=" + path,
              round_variable = fmt::format("SUFFICE_TEST_ROUND={}", round);
  char* const arguments[] = {program.data(), name.data(), nullptr};
  std::vector<char*> variables = {path_variable.data(), round_variable.data()};
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  variables.push_back(nullptr);
  pid_t victim = 0;
  const int error = ::posix_spawn(&victim, "/proc/self/exe", &actions, nullptr, arguments, variables.data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  REQUIRE(error == 0);
  acks = ends[0];
  return victim;
}

bool ReadAck(int descriptor, uint32_t& n) { return ::read(descriptor, &n, sizeof(n)) == sizeof(n); }

// Reads some acknowledgements, kills, and reads what was still under way.
std::vector<uint32_t> KillAfter(size_t count, const std::string& path, uint32_t round) {
  int descriptor = -1;
  const pid_t victim = StartVictim(path, round, descriptor);
  std::vector<uint32_t> acknowledged;
  uint32_t n = 0;
  while (acknowledged.size() < count && ReadAck(descriptor, n)) acknowledged.push_back(n);
  ::kill(victim, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(victim, &status, 0) == victim);
  while (ReadAck(descriptor, n)) acknowledged.push_back(n);
  ::close(descriptor);
  CHECK(WIFSIGNALED(status));
  return acknowledged;
}

}  // namespace

TEST_CASE("victim of the kill test", "[.]") {
  const char* const path = std::getenv("SUFFICE_TEST_DATABASE");
  const char* const round = std::getenv("SUFFICE_TEST_ROUND");
  REQUIRE(path != nullptr);
  REQUIRE(round != nullptr);
  const auto log = OpenForTest({.path = path});
  absl::Mutex mutex;
  int in_flight = 0;
  const auto has_room = [&] { return in_flight < kInFlight; };
  for (uint32_t n = 1 + kPerRound * static_cast<uint32_t>(std::atoi(round));; ++n) {
    const DecisionRecord decision = TestDecision(n, n % 3 == 0 ? "strong" : "cheap");
    Append(*log, decision);
    mutex.LockWhen(absl::Condition(&has_room));
    ++in_flight;
    mutex.Unlock();
    log->AppendFeedback(TestFeedback(decision, fmt::format("f{}", n)), [&, n](absl::StatusOr<Receipt> receipt) {
      if (receipt.ok() && !receipt->duplicate) (void)!::write(kAckDescriptor, &n, sizeof(n));
      const absl::MutexLock lock(&mutex);
      --in_flight;
    });
  }
}

TEST_CASE("what was acknowledged before a kill is there exactly once", "[log]") {
  const TempDir folder;
  const std::string path = folder.File("log.db");
  std::mt19937 random(20240601);
  std::vector<uint32_t> acknowledged;
  for (uint32_t round = 0; round < 5; ++round) {
    const size_t count = 1 + random() % 1500;
    const std::vector<uint32_t> more = KillAfter(count, path, round);
    REQUIRE(more.size() >= count);
    acknowledged.insert(acknowledged.end(), more.begin(), more.end());

    const auto log = OpenForTest({.path = path});
    std::map<uint32_t, int> times;
    const auto tail = log->ReadTail({}, 1'000'000);
    REQUIRE(tail.ok());
    for (const ObservedDecision& observed : tail->touched) {
      for (const FeedbackRecord& feedback : observed.feedback) {
        ++times[static_cast<uint32_t>(std::stoul(feedback.feedback.feedback_id.substr(1)))];
      }
    }
    size_t missing = 0, repeated = 0;
    for (const uint32_t n : acknowledged) missing += times.count(n) == 0;
    for (const auto& [n, found] : times) repeated += found > 1;
    CHECK(missing == 0);
    CHECK(repeated == 0);
    std::map<std::string, int64_t> next;
    bool ordinals_run = true;
    REQUIRE(log->ScanDecisions(0, 1'000'000,
                               [&](const DecisionRecord& decision) {
                                 ordinals_run &= decision.tier_ordinal == next[decision.tier]++;
                                 return true;
                               })
                .ok());
    CHECK(ordinals_run);
  }
}

}  // namespace suffice
