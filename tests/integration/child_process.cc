#include "integration/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>

extern char** environ;

namespace suffice {
namespace {

constexpr auto kPatience = std::chrono::seconds(20);

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read = fds[0];
    write = fds[1];
  }
};

// Appends what `fd` has; closes it and sets it to -1 at its end.
void Drain(int& fd, std::string& text) {
  char buffer[65536];
  const ssize_t got = read(fd, buffer, sizeof(buffer));
  if (got > 0) {
    text.append(buffer, static_cast<size_t>(got));
  } else {
    close(fd);
    fd = -1;
  }
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& args) {
  const Pipe out;
  const Pipe err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write, STDERR_FILENO);
  std::string binary = SUFFICE_BINARY;
  std::vector<std::string> copies = args;
  std::vector<char*> argv = {binary.data()};
  for (std::string& arg : copies) argv.push_back(arg.data());
  argv.push_back(nullptr);
  const int error = posix_spawn(&pid_, binary.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(out.write);
  close(err.write);
  out_fd_ = out.read;
  err_fd_ = err.read;
  if (error != 0) throw std::runtime_error("cannot start " + binary);
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) close(out_fd_);
  if (err_fd_ >= 0) close(err_fd_);
}

bool ChildProcess::ReadSome(int timeout_ms) {
  pollfd fds[2] = {{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}};
  if ((out_fd_ < 0 && err_fd_ < 0) || poll(fds, 2, timeout_ms) <= 0) return false;
  if (out_fd_ >= 0 && fds[0].revents != 0) Drain(out_fd_, out_);
  if (err_fd_ >= 0 && fds[1].revents != 0) Drain(err_fd_, err_);
  return true;
}

std::string ChildProcess::WaitForStderr(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const size_t start = err_.find(text, err_seen_);
    const size_t end = start == std::string::npos ? start : err_.find('\n', start);
    if (end != std::string::npos) {
      err_seen_ = end;
      return err_.substr(start + text.size(), end - start - text.size());
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || err_fd_ < 0 || !ReadSome(static_cast<int>(left.count()))) {
      throw std::runtime_error("no \"" + text + "\" on standard error, but: " + err_);
    }
  }
}

void ChildProcess::Signal(int number) const { kill(pid_, number); }

Exit ChildProcess::Wait() {
  while (ReadSome(-1)) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFSIGNALED(status)) return {.code = -1, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

}  // namespace suffice
