#include "child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "nanos.h"

namespace suffice::load {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(1);

// In the child, after the fork: only what is safe there.
[[noreturn]] void Become(char* const* argv, int output, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (getppid() == parent && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
      dup2(output, STDERR_FILENO) >= 0) {
    execv(argv[0], argv);
  }
  _exit(127);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Child>> Child::Start(const std::vector<std::string>& command, std::string output) {
  std::vector<std::string> copies = command;
  std::vector<char*> argv;
  for (std::string& word : copies) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int fd = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return absl::UnavailableError(fmt::format("cannot write {}", output));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) Become(argv.data(), fd, parent);
  close(fd);
  if (pid < 0) return absl::UnavailableError(fmt::format("cannot start {}", command[0]));
  const std::string name = command.size() > 1 ? fmt::format("{} {}", command[0], command[1]) : command[0];
  return std::unique_ptr<Child>(new Child(pid, name, std::move(output)));
}

Child::~Child() {
  if (HasEnded()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, &end_, 0);
}

bool Child::HasEnded() {
  if (!ended_) ended_ = waitpid(pid_, &end_, WNOHANG) == pid_;
  return ended_;
}

std::string Child::Output() const {
  std::ifstream file(output_);
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::Status Child::Failure(const std::string& what) const {
  return absl::UnavailableError(fmt::format("{} {}:\n{}", command_, what, Output()));
}

absl::StatusOr<std::string> Child::WaitForOutput(const std::string& text, double seconds) {
  const int64_t start = NowNanos();
  while (Seconds(NowNanos() - start) < seconds) {
    const bool ended = HasEnded();
    const std::string output = Output();
    const size_t at = output.find(text);
    const size_t end = at == std::string::npos ? at : output.find('\n', at);
    if (end != std::string::npos) return output.substr(at + text.size(), end - at - text.size());
    if (ended) return Failure("ended early");
    std::this_thread::sleep_for(kPoll);
  }
  return Failure(fmt::format("did not say \"{}\" within {} s", text, seconds));
}

absl::Status Child::WaitForEnd(double seconds) {
  const int64_t start = NowNanos();
  while (!HasEnded()) {
    if (Seconds(NowNanos() - start) > seconds) {
      kill(pid_, SIGKILL);
      waitpid(pid_, &end_, 0);
      ended_ = true;
      return absl::DeadlineExceededError(fmt::format("{} did not end within {} s", command_, seconds));
    }
    std::this_thread::sleep_for(kPoll);
  }
  return WIFEXITED(end_) && WEXITSTATUS(end_) == 0 ? absl::OkStatus() : Failure("failed");
}

absl::Status Child::Stop(double seconds) {
  if (!HasEnded()) kill(pid_, SIGTERM);
  return WaitForEnd(seconds);
}

}  // namespace suffice::load
