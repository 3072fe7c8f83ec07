// A small HTTP/1.1 server for an operator's eyes: GET and HEAD, a handler that answers from memory, one thread.
//
//   auto server = HttpServer::Start({.listen = "127.0.0.1:0"}, [](std::string_view path) { ... });
//   (*server)->Stop(absl::Seconds(1));
//
// What it bounds: the header of a request (431), its time to arrive, the time of an idle connection, and the number of
// connections (503). Bodies of requests are refused (400). Thread contract: the handler runs on the server's thread;
// the rest is for one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/listen_address.h"

namespace suffice {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpServerOptions {
  std::string listen;
  bool insecure_bind = false;                   // listen where other machines can reach it
  size_t max_header_bytes = 8192;               // of one request
  int max_connections = 64;                     // one more is answered 503
  absl::Duration idle = absl::Seconds(75);      // a connection that asks for nothing is closed
  absl::Duration patience = absl::Seconds(10);  // for a request to arrive whole, and for an answer to be taken
};

class HttpServer {
 public:
  // Answers GET and HEAD for a path without its query. It must not block or throw.
  using Handler = std::function<HttpAnswer(std::string_view path)>;

  // INVALID_ARGUMENT naming admin_listen for a bad address, FAILED_PRECONDITION for one beyond this machine without
  // insecure_bind, UNAVAILABLE when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options, Handler handler);
  // Stops at once if Stop was not called.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Takes no more requests, and gives those under way so long. Idempotent.
  void Stop(absl::Duration grace);

  // With the port really bound.
  const ListenAddress& address() const { return address_; }

 private:
  class Impl;
  HttpServer(ListenAddress address, std::unique_ptr<Impl> impl);

  ListenAddress address_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace suffice
