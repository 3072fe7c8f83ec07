#include "http_front.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <memory>
#include <optional>

namespace suffice::fake {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kMaxBodyBytes = size_t{64} << 20;

std::string Text(beast::string_view text) { return {text.data(), text.size()}; }

// One client. Alive while an operation of its own is under way: each holds a shared pointer.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Service& service)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), service_(service) {}

  void Read() {
    parser_.emplace();
    parser_->body_limit(kMaxBodyBytes);
    http::async_read(socket_, buffer_, *parser_, [self = this->shared_from_this()](error_code error, size_t) {
      if (!error) self->Answer();
    });
  }

 private:
  void Answer() {
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    service_.ledger().Began();
    reply_ = service_.Handle({.method = Text(request.method_string()),
                              .path = Text(request.target()),
                              .body = request.body(),
                              .idempotency_key = Text(request["Idempotency-Key"]),
                              .authorization = Text(request[http::field::authorization])});
    next_ = 0;
    if (reply_.pieces.empty()) return WaitForHangUp();
    WriteAfter(reply_.delay_s);
  }

  void WaitForHangUp() {
    socket_.async_read_some(buffer_.prepare(1024), [self = this->shared_from_this()](error_code error, size_t) {
      if (!error) return self->WaitForHangUp();
      self->service_.ledger().Ended();
    });
  }

  void WriteAfter(double seconds) {
    if (seconds <= 0) return Write();
    timer_.expires_after(std::chrono::microseconds(static_cast<int64_t>(seconds * 1e6)));
    timer_.async_wait([self = this->shared_from_this()](error_code) { self->Write(); });
  }

  void Write() {
    asio::async_write(socket_, asio::buffer(reply_.pieces[next_]),
                      [self = this->shared_from_this()](error_code error, size_t) {
                        if (error) return self->service_.ledger().Ended();
                        if (++self->next_ < self->reply_.pieces.size()) return self->WriteAfter(self->reply_.pause_s);
                        self->service_.ledger().Ended();
                        if (!self->reply_.close && self->keep_alive_) self->Read();
                      });
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  Service& service_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Reply reply_;
  size_t next_ = 0;  // piece
  bool keep_alive_ = true;
};

}  // namespace

int HttpFront::Listen(int port) {
  error_code error;
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), static_cast<unsigned short>(port));
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return 0;
  Accept();
  return acceptor_.local_endpoint().port();
}

void HttpFront::Accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      service_.ledger().CountConnection();
      std::make_shared<Connection>(std::move(socket), service_)->Read();
    }
    Accept();
  });
}

}  // namespace suffice::fake
