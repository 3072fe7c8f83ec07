#include "service/http_server.h"

#include <fmt/format.h>

#include <utility>  // Boost.Beast 1.74 needs it and does not include it
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <set>
#include <thread>

#include "absl/time/clock.h"
#include "base/status_macros.h"

namespace suffice {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Response = http::response<http::string_body>;

constexpr size_t kReadBytes = 4096;        // at a time
constexpr size_t kMaxDiscarded = 1 << 20;  // of a client that is not listened to any more
constexpr char kTooMany[] =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 21\r\n\r\ntoo many connections\n";

HttpAnswer Plain(int status, std::string text) { return {.status = status, .body = std::move(text)}; }

// The answer to a request that cannot be read; nothing when there is nobody to answer.
std::optional<HttpAnswer> AnswerToError(const error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Plain(431, "the header is too long\n");
  }
  if (error == http::error::unexpected_body || error == http::error::body_limit) {
    return Plain(400, "a request must not have a body\n");
  }
  const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (gone || error.category() != http::make_error_code(http::error::end_of_stream).category()) return std::nullopt;
  return Plain(400, fmt::format("not an HTTP request: {}\n", error.message()));
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, Handler handler)
      : options_(options), handler_(std::move(handler)), acceptor_(io_), grace_(io_) {}
  ~Impl() { Stop(absl::ZeroDuration()); }

  // Binds, and returns the port.
  absl::StatusOr<int> Listen(const ListenAddress& address);
  void Run() {
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  void Stop(absl::Duration grace);

 private:
  class Connection;

  void Accept();
  void Take(tcp::socket socket);
  void Closed(const std::shared_ptr<Connection>& connection);
  HttpAnswer Answer(http::verb method, beast::string_view target) const;

  const HttpServerOptions options_;
  const Handler handler_;
  asio::io_context io_{1};
  // What follows is the thread's own, once it runs.
  tcp::acceptor acceptor_;
  asio::steady_timer grace_;
  std::set<std::shared_ptr<Connection>> connections_;
  bool stopping_ = false;
  std::thread thread_;
};

// One client. Alive while an operation of its own is under way: each holds a shared pointer.
class HttpServer::Impl::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Impl* server, tcp::socket socket)
      : server_(server), stream_(std::move(socket)), buffer_(server->options_.max_header_bytes + kReadBytes) {}

  // Waits for the next request's first bytes: this may take as long as a connection may be idle.
  void Await() {
    if (buffer_.size() > 0) return Read();
    if (server_->stopping_) return Close();
    idle_ = true;
    stream_.expires_after(absl::ToChronoNanoseconds(server_->options_.idle));
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = this->shared_from_this()](error_code error, size_t bytes) {
                              self->idle_ = false;
                              if (error) return self->Close();
                              self->buffer_.commit(bytes);
                              self->Read();
                            });
  }

  void StopIfIdle() {
    if (idle_) Abort();
  }
  // Ends what is under way with an error.
  void Abort() {
    error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(server_->options_.max_header_bytes));
    stream_.expires_after(absl::ToChronoNanoseconds(server_->options_.patience));
    http::async_read(stream_, buffer_, *parser_, [self = this->shared_from_this()](error_code error, size_t) {
      if (!error) return self->Reply();
      const std::optional<HttpAnswer> answer = AnswerToError(error);
      if (!answer) return self->Close();
      self->Write(*answer, /*version=*/11, /*keep_alive=*/false, /*head=*/false);
    });
  }

  void Reply() {
    const auto& request = parser_->get();
    Write(server_->Answer(request.method(), request.target()), request.version(), request.keep_alive(),
          request.method() == http::verb::head);
  }

  void Write(HttpAnswer answer, unsigned version, bool keep_alive, bool head) {
    response_ = Response(static_cast<http::status>(answer.status), version);
    response_.set(http::field::server, "suffice");
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    if (answer.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.keep_alive(keep_alive && !server_->stopping_);
    response_.content_length(answer.body.size());
    if (!head) response_.body() = std::move(answer.body);
    serializer_.emplace(response_);
    stream_.expires_after(absl::ToChronoNanoseconds(server_->options_.patience));
    http::async_write(stream_, *serializer_, [self = this->shared_from_this()](error_code error, size_t) {
      if (error) return self->Close();
      if (self->response_.keep_alive()) return self->Await();
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
      self->Discard();
    });
  }

  // Reads what the client still sends: closing before it would take back the answer.
  void Discard() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kReadBytes),
                            [self = this->shared_from_this()](error_code error, size_t bytes) {
                              self->discarded_ += bytes;
                              if (error || self->discarded_ > kMaxDiscarded) return self->Close();
                              self->Discard();
                            });
  }

  void Close() {
    Abort();
    server_->Closed(this->shared_from_this());
  }

  Impl* const server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  bool idle_ = false;
  size_t discarded_ = 0;
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

absl::StatusOr<int> HttpServer::Impl::Listen(const ListenAddress& address) {
  const auto error = [&](const error_code& code) {
    return absl::UnavailableError(fmt::format("cannot listen on {}: {}", address.ToString(), code.message()));
  };
  error_code code;
  tcp::resolver resolver(io_);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, code);
  if (code) return error(code);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor_.open(endpoint.protocol(), code);
  if (!code) acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor_.bind(endpoint, code);
  if (!code) acceptor_.listen(asio::socket_base::max_listen_connections, code);
  if (code) return error(code);
  return acceptor_.local_endpoint().port();
}

void HttpServer::Impl::Accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (stopping_) return;
    // Out of descriptors or the like: the next one may fare better, but not at once.
    if (error) {
      grace_.expires_after(std::chrono::milliseconds(100));
      return grace_.async_wait([this](error_code) {
        if (!stopping_) Accept();
      });
    }
    Take(std::move(socket));
    Accept();
  });
}

void HttpServer::Impl::Take(tcp::socket socket) {
  if (connections_.size() >= static_cast<size_t>(options_.max_connections)) {
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(kTooMany, sizeof(kTooMany) - 1), ignored);
    return;
  }
  const auto connection = std::make_shared<Connection>(this, std::move(socket));
  connections_.insert(connection);
  connection->Await();
}

void HttpServer::Impl::Closed(const std::shared_ptr<Connection>& connection) {
  connections_.erase(connection);
  if (stopping_ && connections_.empty()) grace_.cancel();
}

HttpAnswer HttpServer::Impl::Answer(http::verb method, beast::string_view target) const {
  if (method != http::verb::get && method != http::verb::head) return Plain(405, "only GET and HEAD\n");
  const std::string_view path(target.data(), target.size());
  return handler_(path.substr(0, path.find('?')));
}

void HttpServer::Impl::Stop(absl::Duration grace) {
  if (!thread_.joinable()) return;
  asio::post(io_, [this, grace] {
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    const auto open = connections_;
    for (const auto& connection : open) connection->StopIfIdle();
    if (open.empty()) return;
    grace_.expires_after(absl::ToChronoNanoseconds(grace));
    grace_.async_wait([this](error_code) {
      const auto left = connections_;
      for (const auto& connection : left) connection->Abort();
    });
  });
  thread_.join();
}

HttpServer::HttpServer(ListenAddress address, std::unique_ptr<Impl> impl)
    : address_(std::move(address)), impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options, Handler handler) {
  SUFFICE_ASSIGN_OR_RETURN(ListenAddress address, ParseListenAddress(options.listen, "admin_listen"));
  SUFFICE_RETURN_IF_ERROR(CheckReach(address, options.insecure_bind));
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  SUFFICE_ASSIGN_OR_RETURN(address.port, impl->Listen(address));
  impl->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(address), std::move(impl)));
}

void HttpServer::Stop(absl::Duration grace) { impl_->Stop(grace); }

}  // namespace suffice
