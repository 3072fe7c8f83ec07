// The admin port over real sockets, with clients that behave and clients that do not.
#include "service/http_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"

namespace suffice {
namespace {

constexpr int kPatienceMs = 10'000;  // longest wait of a test

// Asserts nothing, so that any thread can use one: Catch2's assertions are for one thread.
class Client {
 public:
  explicit Client(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("connect");
    }
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(const std::string& text) const { send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Reads until `text` is there or the server closes.
  std::string ReadUntil(const std::string& text) {
    while (read_.find(text) == std::string::npos && ReadSome()) {
    }
    return read_;
  }
  std::string ReadToEnd() {
    while (ReadSome()) {
    }
    return read_;
  }
  void Forget() { read_.clear(); }

 private:
  bool ReadSome() {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kPatienceMs) != 1) throw std::runtime_error("poll");
    char bytes[4096];
    const ssize_t count = recv(socket_, bytes, sizeof(bytes), 0);
    if (count > 0) read_.append(bytes, static_cast<size_t>(count));
    return count > 0;
  }

  int socket_;
  std::string read_;
};

HttpServer::Handler Echo() {
  return [](std::string_view path) -> HttpAnswer {
    if (path == "/none") return {.status = 404, .body = "none\n"};
    return {.body = fmt::format("path {}\n", path)};
  };
}

std::unique_ptr<HttpServer> Start(HttpServerOptions options = {}, HttpServer::Handler handler = Echo()) {
  if (options.listen.empty()) options.listen = "127.0.0.1:0";
  auto server = HttpServer::Start(options, std::move(handler));
  REQUIRE(server.ok());
  return std::move(server).value();
}

std::string Ask(const HttpServer& server, const std::string& request) {
  Client client(server.address().port);
  client.Send(request);
  return client.ReadToEnd();
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("GET answers with the length, HEAD with the length alone, a query is not part of the path", "[service]") {
  const auto server = Start();
  const std::string get = Ask(*server, "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(get.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(Contains(get, "\r\nContent-Length: 8\r\n"));
  CHECK(Contains(get, "\r\nContent-Type: text/plain"));
  CHECK(get.ends_with("\r\n\r\npath /a\n"));
  const std::string head = Ask(*server, "HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(Contains(head, "\r\nContent-Length: 8\r\n"));
  CHECK(head.ends_with("\r\n\r\n"));
  const std::string none = Ask(*server, "GET /none HTTP/1.0\r\n\r\n");
  CHECK(Contains(none, " 404 Not Found\r\n"));
}

TEST_CASE("other methods, bodies, and what is no HTTP are refused, and the connection is closed", "[service]") {
  const auto server = Start();
  const std::string post =
      Ask(*server, "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  CHECK(post.starts_with("HTTP/1.1 405 "));
  CHECK(Contains(post, "\r\nAllow: GET, HEAD\r\n"));
  for (const std::string bad : {"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "NONSENSE\r\n\r\n",
                                "GET /a b c HTTP/1.1\r\n\r\n", "GET /a HTTP/9.9\r\n\r\n", "\r\n\r\n\x01\x02\r\n\r\n"}) {
    CAPTURE(bad);
    CHECK(Ask(*server, bad).starts_with("HTTP/1.1 400 "));
  }
}

TEST_CASE("a header that is too long is refused while it is still being sent", "[service]") {
  const auto server = Start();
  const std::string many(300'000, 'x');
  CHECK(Ask(*server, "GET /a HTTP/1.1\r\nHost: " + many).starts_with("HTTP/1.1 431 "));
  CHECK(Ask(*server, "GET /" + many + " HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 431 "));
  const std::string fits = "GET /a HTTP/1.1\r\nConnection: close\r\nX: " + std::string(7000, 'x') + "\r\n\r\n";
  CHECK(Ask(*server, fits).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a connection serves many requests, also sent at once", "[service]") {
  const auto server = Start();
  Client client(server->address().port);
  for (int i = 0; i < 5; ++i) {
    client.Send(fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", i));
    CHECK(Contains(client.ReadUntil(fmt::format("path /{}\n", i)), "200 OK"));
    client.Forget();
  }
  client.Send("GET /one HTTP/1.1\r\n\r\nGET /two HTTP/1.1\r\nConnection: close\r\n\r\n");
  const std::string both = client.ReadToEnd();
  CHECK(Contains(both, "path /one\n"));
  CHECK(both.ends_with("path /two\n"));
}

TEST_CASE("a slow client and an idle one are let go, and hold up nobody", "[service]") {
  const auto server = Start({.idle = absl::Milliseconds(300), .patience = absl::Milliseconds(300)});
  Client idle(server->address().port), slow(server->address().port);
  slow.Send("GET /slow HT");
  CHECK(Contains(Ask(*server, "GET /fast HTTP/1.0\r\n\r\n"), "path /fast"));
  CHECK(slow.ReadToEnd().empty());  // closed, without an answer
  CHECK(idle.ReadToEnd().empty());
}

TEST_CASE("more connections than allowed are turned away, and there is room again later", "[service]") {
  const auto server = Start({.max_connections = 2});
  {
    Client first(server->address().port), second(server->address().port);
    for (Client* client : {&first, &second}) {
      client->Send("GET /a HTTP/1.1\r\n\r\n");
      client->ReadUntil("path /a\n");
    }
    Client third(server->address().port);
    CHECK(third.ReadToEnd().starts_with("HTTP/1.1 503 "));
  }
  // The server hears of the two that went away before it takes a later one, or turns that one away too.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  std::string answer;
  while (!Contains(answer, "path /b") && std::chrono::steady_clock::now() < deadline) {
    answer = Ask(*server, "GET /b HTTP/1.0\r\n\r\n");
  }
  CHECK(Contains(answer, "path /b"));
}

TEST_CASE("many clients at once all get their own answer", "[service]") {
  const auto server = Start();
  constexpr int kClients = 16, kRequests = 50;
  std::vector<int> right(kClients);
  std::vector<std::thread> threads;
  for (int c = 0; c < kClients; ++c) {
    threads.emplace_back([&, c] {
      Client client(server->address().port);
      for (int i = 0; i < kRequests; ++i) {
        const std::string answer = fmt::format("path /{}-{}\n", c, i);
        client.Send(fmt::format("GET /{}-{} HTTP/1.1\r\n\r\n", c, i));
        right[c] += Contains(client.ReadUntil(answer), answer);
        client.Forget();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<int>(kClients, kRequests));
}

TEST_CASE("stopping closes idle connections at once, and is not held up by a client that says nothing", "[service]") {
  const auto server = Start();
  Client idle(server->address().port), half(server->address().port);
  idle.Send("GET /a HTTP/1.1\r\n\r\n");
  idle.ReadUntil("path /a\n");
  half.Send("GET /a HTTP/1.1\r\n");
  const auto start = std::chrono::steady_clock::now();
  server->Stop(absl::Milliseconds(200));
  server->Stop(absl::Milliseconds(200));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  idle.Forget();
  CHECK(idle.ReadToEnd().empty());
  CHECK(half.ReadToEnd().empty());
}

TEST_CASE("addresses that cannot or must not be bound by the admin port", "[service]") {
  const auto server = Start();
  const auto status = [](const std::string& listen) { return HttpServer::Start({.listen = listen}, Echo()).status(); };
  CHECK(status("nonsense").code() == absl::StatusCode::kInvalidArgument);
  CHECK(Contains(std::string(status("nonsense").message()), "admin_listen"));
  CHECK(status("0.0.0.0:0").code() == absl::StatusCode::kFailedPrecondition);
  CHECK(status(server->address().ToString()).code() == absl::StatusCode::kUnavailable);
  CHECK(HttpServer::Start({.listen = "0.0.0.0:0", .insecure_bind = true}, Echo()).ok());
  CHECK(HttpServer::Start({.listen = "localhost:0"}, Echo()).ok());
}

}  // namespace suffice
