// Clients that stop in the middle: what they can make the server hold is bounded, and others are served.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>

#include "catch.h"
#include "integration/try_calls.h"

namespace suffice {
namespace {

// A sanitizer takes memory of its own, and keeps what was freed.
const bool kMemoryIsPlain = std::string(SUFFICE_SANITIZED).empty();

// "VmRSS": what the process has in memory; "VmHWM": the most that it has had.
int64_t Megabytes(const std::string& what, TestServer& server) {
  std::ifstream file(fmt::format("/proc/{}/status", server.process().pid()));
  for (std::string word; file >> word;) {
    int64_t kilobytes = 0;
    if (word == what + ":" && file >> kilobytes) return kilobytes >> 10;
  }
  throw std::runtime_error("no " + what);
}

// An HTTP/2 client, of which just as much is here as it takes to send what no honest client sends.
class RawClient {
 public:
  explicit RawClient(const std::string& address) : authority_(address) {
    const size_t colon = address.find(':');
    sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1)))),
                   .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
    Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    Send(Frame(kSettings, 0, 0, ""));
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Begins a call of `method` with a message that is said to have `bytes`.
  void Begin(const std::string& method, uint32_t bytes) {
    const uint32_t stream = next_stream_;
    next_stream_ += 2;
    Send(Frame(kHeaders, kEndHeaders, stream, Headers(method)));
    windows_[stream] = kFirstWindow;
    const uint32_t length = htonl(bytes);
    SendData(stream, std::string(1, '\0') + std::string(reinterpret_cast<const char*>(&length), 4));
    left_[stream] = bytes / 2;
  }

  // Sends as much of every message's first half as the server lets it. False: no more goes, or the connection is cut.
  bool SendSome() {
    const bool all_sent = std::all_of(left_.begin(), left_.end(), [](const auto& left) { return left.second <= 0; });
    if (all_sent) return false;
    bool sent = false;
    for (auto& [stream, left] : left_) {
      const int64_t may = std::min<int64_t>({left, windows_[stream], connection_window_, 16384});
      if (may <= 0 || cut_) continue;
      SendData(stream, std::string(static_cast<size_t>(may), 'x'));
      left -= may;
      sent = true;
    }
    return (ReadFrames(sent ? 0 : 10) || sent) && !cut_;
  }
  int64_t sent() const { return sent_; }
  bool is_cut() const { return cut_; }

 private:
  enum Type : uint8_t { kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6, kWindowUpdate = 8 };
  static constexpr uint8_t kEndHeaders = 4, kAcknowledges = 1;
  static constexpr int64_t kFirstWindow = 65535;

  static std::string Frame(Type type, uint8_t flags, uint32_t stream, const std::string& payload) {
    const auto size = static_cast<uint32_t>(payload.size());
    std::string frame = {static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size),
                         static_cast<char>(type), static_cast<char>(flags)};
    const uint32_t id = htonl(stream);
    frame.append(reinterpret_cast<const char*>(&id), 4);
    return frame + payload;
  }
  // HPACK without its tables' growth: indexed where a table has all of it, else literal.
  std::string Headers(const std::string& method) const {
    const auto text = [](const std::string& value) { return std::string(1, static_cast<char>(value.size())) + value; };
    return "\x83\x86\x04" + text("/suffice.v1.RouterService/" + method) + "\x01" + text(authority_) + "\x0f\x10" +
           text("application/grpc") + std::string(1, '\0') + text("te") + text("trailers");
  }
  void Send(const std::string& bytes) {
    for (size_t at = 0; at < bytes.size() && !cut_;) {
      const ssize_t wrote = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      cut_ = wrote <= 0;
      if (!cut_) at += static_cast<size_t>(wrote);
    }
  }
  void SendData(uint32_t stream, const std::string& bytes) {
    Send(Frame(kData, 0, stream, bytes));
    windows_[stream] -= static_cast<int64_t>(bytes.size());
    connection_window_ -= static_cast<int64_t>(bytes.size());
    sent_ += static_cast<int64_t>(bytes.size());
  }
  // Takes what has come, or comes within the time. False: nothing.
  bool ReadFrames(int timeout_ms) {
    pollfd readable{socket_, POLLIN, 0};
    if (cut_ || ::poll(&readable, 1, timeout_ms) <= 0) return false;
    char buffer[65536];
    const ssize_t got = ::recv(socket_, buffer, sizeof(buffer), 0);
    cut_ = got <= 0;
    if (cut_) return false;
    received_.append(buffer, static_cast<size_t>(got));
    while (TakeFrame()) {
    }
    return true;
  }
  uint32_t Number(size_t at) const {
    uint32_t value;
    std::memcpy(&value, received_.data() + at, 4);
    return ntohl(value);
  }
  bool TakeFrame() {
    if (received_.size() < 9) return false;
    const size_t size = Number(0) >> 8;
    if (received_.size() < 9 + size) return false;
    const auto type = static_cast<uint8_t>(received_[3]), flags = static_cast<uint8_t>(received_[4]);
    const uint32_t stream = Number(5);
    if (type == kWindowUpdate) (stream == 0 ? connection_window_ : windows_[stream]) += Number(9);
    if (type == kReset) left_.erase(stream);
    if (type == kSettings && (flags & kAcknowledges) == 0) TakeSettings(size);
    if (type == kPing && (flags & kAcknowledges) == 0) Send(Frame(kPing, kAcknowledges, 0, received_.substr(9, size)));
    received_.erase(0, 9 + size);
    return true;
  }
  void TakeSettings(size_t size) {
    for (size_t at = 9; at + 6 <= 9 + size; at += 6) {
      if ((Number(at) >> 16) != 4) continue;  // the window that streams begin with
      const int64_t value = Number(at + 2);
      for (auto& [stream, window] : windows_) window += value - first_window_;
      first_window_ = value;
    }
    Send(Frame(kSettings, kAcknowledges, 0, ""));
  }

  const std::string authority_;
  int socket_ = -1;
  bool cut_ = false;
  uint32_t next_stream_ = 1;
  int64_t connection_window_ = kFirstWindow, first_window_ = kFirstWindow, sent_ = 0;
  std::map<uint32_t, int64_t> windows_, left_;  // of each stream
  std::string received_;
};

}  // namespace

// Sends until no more goes, by turns; how many bytes went.
int64_t SendAll(const std::vector<std::unique_ptr<RawClient>>& clients) {
  int64_t sent = 0;
  for (bool any = true; any;) {
    any = false;
    sent = 0;
    for (const auto& client : clients) {
      any |= client->SendSome();
      sent += client->sent();
    }
  }
  return sent;
}

TEST_CASE("half messages, streams without an end and idle connections hold no more than was sent, and Route goes on", "[integration]") {
  constexpr int kConnections = 60, kStreams = 30;
  constexpr uint32_t kMessage = 1'000'000;
  const TempFolder folder;
  TestServer server(folder);
  REQUIRE(TryRoute(server, "before").ok());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int c = 0; c < kConnections; ++c) {
    clients.push_back(std::make_unique<RawClient>(server.address()));
    for (int s = 0; s < kStreams; ++s) clients.back()->Begin(s % 2 == 0 ? "Route" : "FeedbackStream", kMessage);
  }
  const int64_t sent = SendAll(clients);
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int c = 0; c < 200; ++c) idle.push_back(std::make_unique<RawClient>(server.address()));
  CHECK(TryRoute(server, "meanwhile").ok());
  const int64_t resident = Megabytes("VmRSS", server);
  INFO(fmt::format("sent {} MB, resident {} MB", sent >> 20, resident));
  if (kMemoryIsPlain) CHECK(resident < (sent >> 20) + 150);
  clients.clear();
  idle.clear();
  CHECK(TryRoute(server, "after").ok());
  CHECK(server.Terminate().code == 0);
}

TEST_CASE("a small message that would unpack to a large one is refused as it is", "[integration]") {
  constexpr size_t kUnpacked = size_t{200} << 20;
  const TempFolder folder;
  TestServer server(folder);
  REQUIRE(TryRoute(server, "before").ok());
  const int64_t before = Megabytes("VmHWM", server);
  Context context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  v1::RouteRequest request;
  v1::RouteResponse response;
  request.set_prompt(std::string(kUnpacked, 'x'));
  const grpc::Status refused = server.stub().Route(&context, request, &response);
  INFO(refused.error_message());
  CHECK(refused.error_code() == grpc::StatusCode::UNIMPLEMENTED);
  if (kMemoryIsPlain) CHECK(Megabytes("VmHWM", server) < before + 50);
  CHECK(TryRoute(server, "after").ok());
  CHECK(server.Terminate().code == 0);
}

// gRPC itself keeps what comes of a message, even of one that is said to be longer than any may be.
TEST_CASE("connections whose unfinished messages take too much memory are cut, and others live on", "[integration]") {
  constexpr uint32_t kMessages = 20, kMessage = 1'000'000, kEndless = 2'000'000'000;
  constexpr int64_t kMostMegabytes = 200;
  if (!kMemoryIsPlain) {
    WARN("skipped: a sanitizer is linked in");
    return;
  }
  const TempFolder folder;
  TestServer server(folder, {"--max-memory-mb", std::to_string(kMostMegabytes)});
  Context context;
  v1::FeedbackStreamResponse response;
  const auto stream = server.stub().FeedbackStream(&context, &response);
  v1::FeedbackStreamRequest item;
  *item.mutable_feedback() = MakeFeedback(server.Route("before").decision_id(), "f", 1);
  REQUIRE(stream->Write(item));
  // On the same connection: it sends more than any of the others, and finishes it.
  const std::string long_prompt(500'000, 'x');
  for (int i = 0; i < 100; ++i) REQUIRE(TryRoute(server, long_prompt).ok());
  std::vector<std::unique_ptr<RawClient>> endless, many;
  endless.push_back(std::make_unique<RawClient>(server.address()));
  endless.back()->Begin("Route", kEndless);
  SendAll(endless);
  CHECK(endless.back()->is_cut());
  for (int c = 0; c < 40; ++c) {
    many.push_back(std::make_unique<RawClient>(server.address()));
    for (uint32_t m = 0; m < kMessages; ++m) many.back()->Begin("Route", kMessage);
  }
  const int64_t sent = SendAll(many);
  INFO(fmt::format("sent {} MB, resident {} MB", sent >> 20, Megabytes("VmRSS", server)));
  CHECK(std::any_of(many.begin(), many.end(), [](const auto& client) { return client->is_cut(); }));
  Until([&] { return Megabytes("VmRSS", server) < kMostMegabytes + 100; });
  REQUIRE(stream->WritesDone());
  CHECK(stream->Finish().ok());  // so its connection is still the one that it had
  CHECK(response.accepted() == 1);
  CHECK(TryRoute(server, "after").ok());
  server.process().WaitForStderr("of --max-memory-mb: cut ");
  many.clear();
  CHECK(server.Terminate().code == 0);
}

}  // namespace suffice
