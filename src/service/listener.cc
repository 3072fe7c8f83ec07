#include "service/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/status_macros.h"

namespace suffice {
namespace {

constexpr int kBacklog = 4096;
constexpr int kRetryMs = 100;             // when descriptors or memory are lacking
constexpr int kLookMs = 100;              // between two looks at the memory
constexpr int kLooksBetweenLoads = 10;    // while there is enough of it
constexpr int kUserTimeoutMs = 20'000;    // for a peer to acknowledge what was sent, as gRPC sets it
// Less than this of all connections together is not what the memory is taken by.
constexpr int64_t kLeastHeld = 16 << 20;
constexpr int64_t kLeastHeldByOne = 64 << 10;  // who holds less is never cut

absl::Status CannotListen(const ListenAddress& address, std::string_view why) {
  return absl::UnavailableError(fmt::format("cannot listen on {}: is the port taken? ({})", address.ToString(), why));
}

void Set(int socket, int level, int option, int value) { ::setsockopt(socket, level, option, &value, sizeof(value)); }

// A socket that listens, or -1 with errno. What is set here accepted sockets inherit.
int Listen(const addrinfo& at, const sockaddr* address) {
  const int socket = ::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  Set(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  Set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
  if (at.ai_family == AF_INET6) Set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(socket, address, at.ai_addrlen) == 0 && ::listen(socket, kBacklog) == 0) return socket;
  const int error = errno;
  ::close(socket);
  errno = error;
  return -1;
}

int PortOf(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  // At the same place in both kinds of address.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

ino_t SocketOf(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

// As gRPC names it.
std::string PeerName(const sockaddr_storage& address) {
  char host[INET6_ADDRSTRLEN] = {};
  const auto* const four = reinterpret_cast<const sockaddr_in*>(&address);
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
    return fmt::format("ipv4:{}:{}", host, ntohs(four->sin_port));
  }
  const auto* const six = reinterpret_cast<const sockaddr_in6*>(&address);
  ::inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
  return fmt::format("ipv6:%5B{}%5D:{}", host, ntohs(six->sin6_port));
}

// That the kernel has received on it; 0: not known.
int64_t ReceivedBytes(int socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? static_cast<int64_t>(info.tcpi_bytes_received)
                                                                        : 0;
}

// Memory of the process, without mapped files.
int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0, shared = 0;
  file >> total >> resident >> shared;
  return (resident - shared) * ::sysconf(_SC_PAGESIZE);
}

}  // namespace

bool Listener::Connection::IsOpen() const { return SocketOf(descriptor) == socket; }

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(const ListenAddress& address, const Options& options,
                                                         const PeerBytes* finished) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (failed != 0) return CannotListen(address, ::gai_strerror(failed));
  const auto free_found = absl::MakeCleanup([found] { ::freeaddrinfo(found); });

  std::unique_ptr<Listener> listener(new Listener(options, finished));
  int error = 0;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    sockaddr_storage with_port{};
    std::memcpy(&with_port, at->ai_addr, at->ai_addrlen);
    // A free port that the first address got is every address's.
    if (listener->port_ != 0) {
      reinterpret_cast<sockaddr_in*>(&with_port)->sin_port = htons(static_cast<uint16_t>(listener->port_));
    }
    const int socket = Listen(*at, reinterpret_cast<const sockaddr*>(&with_port));
    if (socket >= 0) {
      listener->listening_.push_back(socket);
      listener->port_ = PortOf(socket);
    } else if (errno == EADDRINUSE) {
      return CannotListen(address, std::strerror(errno));
    } else {
      error = errno;  // a family that this machine does not have
    }
  }
  if (listener->listening_.empty()) return CannotListen(address, std::strerror(error));
  listener->stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (listener->stop_ < 0) return CannotListen(address, std::strerror(errno));
  return listener;
}

void Listener::Start(std::unique_ptr<Acceptor> acceptor) {
  acceptor_ = std::move(acceptor);
  thread_ = std::thread([this] { Loop(); });
}

void Listener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    while (::write(stop_, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  for (const int socket : std::exchange(listening_, {})) ::close(socket);
  if (stop_ >= 0) ::close(std::exchange(stop_, -1));
}

void Listener::Loop() {
  std::vector<pollfd> watched = {{.fd = stop_, .events = POLLIN, .revents = 0}};
  for (const int socket : listening_) watched.push_back({.fd = socket, .events = POLLIN, .revents = 0});
  while (true) {
    bool well = ::poll(watched.data(), watched.size(), kLookMs) >= 0;
    if (MonotonicNow() >= next_look_) {
      next_look_ = MonotonicNow() + std::chrono::milliseconds(kLookMs);
      BoundMemory();
    }
    if (well && watched[0].revents != 0) return;
    for (size_t i = 1; well && i < watched.size(); ++i) {
      if (watched[i].revents != 0) well = AcceptOne(watched[i].fd);
    }
    if (well) continue;
    pollfd stop = watched[0];
    if (::poll(&stop, 1, kRetryMs) > 0) return;
  }
}

bool Listener::AcceptOne(int listening) {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  const int connection = ::accept4(listening, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;  // it is gone already
  Take(listening, connection, PeerBytes::SlotOf(PeerName(peer)));
  return true;
}

void Listener::Take(int listening, int connection, size_t slot) {
  if (IsFull()) {
    ::close(connection);
    return WarnFull();
  }
  open_.push_back({connection, SocketOf(connection), slot, -finished_->Of(slot)});
  Acceptor::NewConnectionParameters parameters;
  parameters.listener_fd = listening;
  parameters.fd = connection;
  acceptor_->HandleNewConnection(&parameters);
}

bool Listener::IsFull() {
  const auto limit = static_cast<size_t>(max_connections_.load(std::memory_order_relaxed));
  if (open_.size() < limit) return false;
  ForgetClosed();
  return open_.size() >= limit;
}

void Listener::ForgetClosed() {
  std::erase_if(open_, [](const Connection& connection) { return !connection.IsOpen(); });
}

std::vector<Listener::Load> Listener::Loads() {
  ForgetClosed();
  std::vector<Load> loads;
  for (Connection& connection : open_) {
    int64_t held = ReceivedBytes(connection.descriptor) - finished_->Of(connection.slot) - connection.accounted;
    if (held < 0) connection.accounted += std::exchange(held, 0);
    loads.push_back({connection.descriptor, held});
  }
  return loads;
}

void Listener::BoundMemory() {
  const bool too_much = ResidentBytes() > max_memory_bytes_;
  if (!too_much && ++looks_ % kLooksBetweenLoads != 0) return;
  std::vector<Load> loads = Loads();
  if (!too_much) return;
  int64_t all = 0;
  for (const Load& load : loads) all += load.held;
  if (all < kLeastHeld) return;
  ::malloc_trim(0);  // what is free already is no reason
  int64_t excess = ResidentBytes() - max_memory_bytes_;
  if (excess <= 0) return;
  excess += max_memory_bytes_ / 8;  // so that it is not about the next message again
  std::sort(loads.begin(), loads.end(), [](const Load& a, const Load& b) { return a.held > b.held; });
  int64_t cut = 0, freed = 0;
  for (const Load& load : loads) {
    if (freed >= excess || load.held < kLeastHeldByOne) break;
    ::shutdown(load.descriptor, SHUT_RDWR);  // gRPC closes it
    freed += load.held;
    ++cut;
  }
  if (cut > 0) WarnCut(cut, freed);
}

void Listener::WarnCut(int64_t connections, int64_t bytes) {
  cut_ += connections;
  cut_bytes_ += bytes;
  if (!told_of_cut_.IsDue()) return;
  spdlog::warn("the process takes more than the {} MB of --max-memory-mb: cut {} connections, which had sent {} MB of "
               "messages without an end",
               max_memory_bytes_ >> 20, std::exchange(cut_, 0), std::exchange(cut_bytes_, 0) >> 20);
}

void Listener::WarnFull() {
  ++refused_;
  if (!told_of_full_.IsDue()) return;
  spdlog::warn("{} connections are open, as many as serve.max_connections allows: closed {} new ones", open_.size(),
               std::exchange(refused_, 0));
}

int64_t RaiseDescriptorLimit(int64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const auto enough = static_cast<rlim_t>(wanted);
  if (limit.rlim_cur < enough) {
    rlimit raised = limit;
    raised.rlim_cur = std::min(enough, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<int64_t>(std::min<rlim_t>(limit.rlim_cur, INT64_MAX));
}

}  // namespace suffice
