// How many clients are connected at once: a bound, and what happens when file descriptors run out all the same.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iterator>
#include <vector>

#include "catch.h"
#include "integration/try_calls.h"

namespace suffice {
namespace {

// A connection on which nothing is said.
class SilentClient {
 public:
  explicit SilentClient(const std::string& address) {
    const size_t colon = address.find(':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
    to.sin_addr = {htonl(INADDR_LOOPBACK)};
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
  }
  ~SilentClient() { ::close(socket_); }
  SilentClient(const SilentClient&) = delete;
  SilentClient& operator=(const SilentClient&) = delete;

  // Waits for the server's first word (HTTP/2 has it speak at once), or for the end of the connection.
  bool IsServed() {
    char byte;
    return ::recv(socket_, &byte, 1, MSG_PEEK) > 0;
  }

 private:
  int socket_ = -1;
};

int64_t DescriptorsOf(pid_t process) {
  const std::filesystem::directory_iterator open(fmt::format("/proc/{}/fd", process));
  return std::distance(begin(open), end(open));
}

}  // namespace

TEST_CASE("a connection beyond serve.max_connections is closed at once, until another ends or a reload allows it",
          "[connections]") {
  const TempFolder folder;
  const std::string policy = folder.Path("policy.yaml");
  const auto write = [&](int limit) { WriteTwoTiers(policy, fmt::format("max_connections: {}", limit)); };
  write(3);
  TestServer server(folder, {"--config", policy});
  REQUIRE(TryRoute(server, "the first connection").ok());
  SilentClient second(server.address());
  auto third = std::make_unique<SilentClient>(server.address());
  CHECK(second.IsServed());
  CHECK(third->IsServed());
  CHECK_FALSE(SilentClient(server.address()).IsServed());
  CHECK(TryRoute(server, "those that are open stay so").ok());
  third.reset();
  std::unique_ptr<SilentClient> next;
  Until([&] {
    next = std::make_unique<SilentClient>(server.address());
    return next->IsServed();
  });
  CHECK_FALSE(SilentClient(server.address()).IsServed());
  write(4);
  server.process().Signal(SIGHUP);
  server.process().WaitForStderr("reloaded ");
  CHECK(SilentClient(server.address()).IsServed());
  CHECK(server.Terminate().code == 0);
}

TEST_CASE("a server that was out of file descriptors accepts again when there are some", "[connections]") {
  const TempFolder folder;
  TestServer server(folder);
  REQUIRE(TryRoute(server, "before").ok());
  const pid_t pid = server.process().pid();
  constexpr int kClients = 60;
  const auto few = static_cast<rlim_t>(DescriptorsOf(pid) + kClients / 2);
  const rlimit limit{.rlim_cur = few, .rlim_max = few};
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) == 0);
  std::vector<std::unique_ptr<SilentClient>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(std::make_unique<SilentClient>(server.address()));
  CHECK(clients.front()->IsServed());
  Until([&] { return DescriptorsOf(pid) >= static_cast<int64_t>(few) - 1; });
  CHECK(TryRoute(server, "meanwhile").ok());
  clients.clear();
  CHECK(SilentClient(server.address()).IsServed());
  CHECK(TryRoute(server, "after").ok());
  CHECK(server.Terminate().code == 0);
}

}  // namespace suffice
