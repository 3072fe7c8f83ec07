// Accepts the connections of a gRPC server, and bounds how many there are. gRPC's own listener is not used as it never
// accepts again once the process was out of file descriptors (grpc/grpc issue 20418): whoever can connect could end the
// service. Here what is beyond the bound is closed at once, and a lack of descriptors is waited out.
// Thread contract: Start and Stop from one thread; the rest is thread-safe. A thread of its own accepts.
#pragma once

#include <grpcpp/server_builder.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "service/listen_address.h"

namespace suffice {

class Listener {
 public:
  using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

  // Binds every address that the host stands for ("localhost": of IPv4 and IPv6); clients wait until Start. UNAVAILABLE
  // when none can be bound. REQUIRES: max_connections >= 1.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const ListenAddress& address, int64_t max_connections);
  ~Listener() { Stop(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Gives connections to `acceptor`, of a server that runs and outlives Stop.
  void Start(std::unique_ptr<Acceptor> acceptor);
  // No connection is accepted afterwards; what is open stays so. Idempotent.
  void Stop();

  int port() const { return port_; }
  // For connections that come from now on.
  void SetMaxConnections(int64_t limit) { max_connections_.store(limit, std::memory_order_relaxed); }

 private:
  // An open connection. gRPC closes it without a word: it is over when its descriptor stands for something else.
  struct Connection {
    int descriptor;
    ino_t socket;
    bool IsOpen() const;
  };

  explicit Listener(int64_t max_connections) : max_connections_(max_connections) {}
  void Loop();
  // Who waits at one of the listening sockets. False: descriptors are lacking, or the like.
  bool AcceptOne(int listening);
  void Take(int listening, int connection);
  bool IsFull();
  void WarnFull();

  std::atomic<int64_t> max_connections_;
  int port_ = 0;
  std::vector<int> listening_;
  int stop_ = -1;  // an eventfd, readable when the thread shall end
  std::unique_ptr<Acceptor> acceptor_;
  std::thread thread_;
  // Of the thread.
  std::vector<Connection> open_;
  int64_t refused_ = 0;         // since the last warning
  int64_t next_warning_s_ = 0;  // of the steady clock
};

// Lets the process have so many file descriptors, where the system's hard limit allows it. Returns how many it may
// have.
int64_t RaiseDescriptorLimit(int64_t wanted);

}  // namespace suffice
