// The sockets of the fake provider: HTTP/1.1 on loopback, one thread.
// Thread contract: everything runs on the io_context's thread.
#pragma once

#include <utility>  // Boost.Beast 1.74 needs it and does not include it
//
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "service.h"

namespace suffice::fake {

class HttpFront {
 public:
  // `io` and `service` outlive it.
  HttpFront(boost::asio::io_context& io, Service& service) : service_(service), acceptor_(io) {}

  // Binds 127.0.0.1 and takes connections from then on. Returns the port; 0 when it cannot be bound.
  int Listen(int port);

 private:
  void Accept();

  Service& service_;
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace suffice::fake
