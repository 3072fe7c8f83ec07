#include "provider/shell_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

extern char** environ;

namespace suffice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxOut = 65536;
constexpr size_t kMaxErr = 400;

class Fd {
 public:
  Fd() = default;
  ~Fd() { Close(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }
  void Set(int fd) { fd_ = fd; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
  bool Open() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return false;
    read.Set(fds[0]);
    write.Set(fds[1]);
    return true;
  }
};

// Keeps a write to a command that does not read from ending this process.
class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeBlocked() {
    const timespec now{};
    if (sigismember(&before_, SIGPIPE) == 0) {
      while (sigtimedwait(&sigpipe_, nullptr, &now) > 0) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t sigpipe_;
  sigset_t before_;
};

class Child {
 public:
  ~Child() {
    Kill();
    Reap();
  }
  absl::Status Start(const std::string& command);
  // Talks to it until it ends or the time is up.
  CommandEnd Follow(std::string_view input, Clock::time_point deadline);

 private:
  void Kill() const {
    if (pid_ > 0) kill(-pid_, SIGKILL);
  }
  int Reap() {
    int status = 0;
    if (pid_ > 0) waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  // One round of poll; false when it has ended or the time is up.
  bool Exchange(std::string_view& input, Clock::time_point deadline, CommandEnd& end);
  void Write(std::string_view& input);
  static void Read(Fd& fd, std::string& text);

  pid_t pid_ = -1;
  Fd ended_;  // readable once the process has ended
  Pipe in_, out_, err_;
};

absl::Status Child::Start(const std::string& command) {
  if (!in_.Open() || !out_.Open() || !err_.Open()) {
    return absl::UnavailableError(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in_.read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out_.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err_.write.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t sigpipe = none;
  sigaddset(&sigpipe, SIGPIPE);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &sigpipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string shell = "/bin/sh";
  std::string flag = "-c";
  std::string text = command;
  char* argv[] = {shell.data(), flag.data(), text.data(), nullptr};
  const int error = posix_spawn(&pid_, shell.c_str(), &actions, &attributes, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  in_.read.Close();
  out_.write.Close();
  err_.write.Close();
  if (error != 0) {
    pid_ = -1;
    return absl::UnavailableError(fmt::format("cannot start /bin/sh: {}", std::strerror(error)));
  }
  ended_.Set(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (ended_.get() < 0) return absl::UnavailableError(fmt::format("pidfd_open: {}", std::strerror(errno)));
  for (const int fd : {in_.write.get(), out_.read.get(), err_.read.get()}) fcntl(fd, F_SETFL, O_NONBLOCK);
  return absl::OkStatus();
}

void Child::Write(std::string_view& input) {
  const ssize_t written = write(in_.write.get(), input.data(), input.size());
  if (written > 0) input.remove_prefix(static_cast<size_t>(written));
  if (input.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) in_.write.Close();
}

// All that is there; closes `fd` at its end.
void Child::Read(Fd& fd, std::string& text) {
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(fd.get(), buffer, sizeof(buffer));
    if (got > 0) {
      text.append(buffer, static_cast<size_t>(got));
      continue;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) fd.Close();
    return;
  }
}

bool Child::Exchange(std::string_view& input, Clock::time_point deadline, CommandEnd& end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  if (left <= 0) {
    end.timed_out = true;
    return false;
  }
  pollfd fds[] = {{in_.write.get(), POLLOUT, 0},
                  {out_.read.get(), POLLIN, 0},
                  {err_.read.get(), POLLIN, 0},
                  {ended_.get(), POLLIN, 0}};
  if (poll(fds, std::size(fds), static_cast<int>(std::min<int64_t>(left, 60'000))) < 0 && errno != EINTR) return false;
  if (fds[0].revents != 0) Write(input);
  if (fds[1].revents != 0) Read(out_.read, end.out);
  if (fds[2].revents != 0) Read(err_.read, end.err);
  end.out.resize(std::min(end.out.size(), kMaxOut));
  if (end.err.size() > kMaxErr) end.err.erase(0, end.err.size() - kMaxErr);
  return fds[3].revents == 0;
}

CommandEnd Child::Follow(std::string_view input, Clock::time_point deadline) {
  CommandEnd end;
  if (input.empty()) in_.write.Close();
  while (Exchange(input, deadline, end)) {
  }
  if (!end.timed_out) {  // what it wrote last
    if (out_.read.get() >= 0) Read(out_.read, end.out);
    if (err_.read.get() >= 0) Read(err_.read, end.err);
  }
  Kill();
  const int status = Reap();
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return end;
}

}  // namespace

absl::StatusOr<CommandEnd> RunShellCommand(const std::string& command, const std::string& input,
                                           std::chrono::milliseconds timeout) {
  const SigpipeBlocked sigpipe_blocked;
  Child child;
  if (const absl::Status status = child.Start(command); !status.ok()) return status;
  return child.Follow(input, Clock::now() + timeout);
}

}  // namespace suffice
