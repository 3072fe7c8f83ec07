// Accepts the connections of a gRPC server, and bounds how many there are and what they hold. gRPC's own listener is not
// used as it never accepts again once the process was out of file descriptors (grpc/grpc issue 20418): whoever can connect
// could end the service. Here what is beyond the bound is closed at once, and a lack of descriptors is waited out.
//
// gRPC keeps what has come of a message until its end, however long it is said to be (it looks at the bound on messages
// only then, grpc/grpc issue 43012): a few clients could take all memory. gRPC's quota, once used up, ends streams by chance,
// honest ones too, and frees little. So while the process takes more than it may, the connections are cut that hold the most:
// of what the kernel received on them, what no finished message accounts for.
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
#include "base/monotonic.h"
#include "service/listen_address.h"
#include "service/peer_bytes.h"

namespace suffice {

class Listener {
 public:
  using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

  struct Options {
    int64_t max_connections;   // >= 1
    int64_t max_memory_bytes;  // of the process, without mapped files
  };
  // Binds every address that the host stands for ("localhost": of IPv4 and IPv6); clients wait until Start. UNAVAILABLE
  // when none can be bound. `finished` outlives it.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const ListenAddress& address, const Options& options,
                                                        const PeerBytes* finished);
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
    size_t slot;        // of PeerBytes
    int64_t accounted;  // bytes that came and are not held, less the slot's count
    bool IsOpen() const;
  };
  struct Load {
    int descriptor;
    int64_t held;  // bytes
  };

  Listener(const Options& options, const PeerBytes* finished)
      : max_connections_(options.max_connections), max_memory_bytes_(options.max_memory_bytes), finished_(finished) {}
  void Loop();
  // Who waits at one of the listening sockets. False: descriptors are lacking, or the like.
  bool AcceptOne(int listening);
  void Take(int listening, int connection, size_t slot);
  bool IsFull();
  void ForgetClosed();
  // What each open connection holds. To be asked often: what is counted too much does not add up then.
  std::vector<Load> Loads();
  // Cuts the connections that hold the most while the process takes too much.
  void BoundMemory();
  void WarnFull();
  void WarnCut(int64_t connections, int64_t bytes);

  std::atomic<int64_t> max_connections_;
  const int64_t max_memory_bytes_;
  const PeerBytes* const finished_;
  int port_ = 0;
  std::vector<int> listening_;
  int stop_ = -1;  // an eventfd, readable when the thread shall end
  std::unique_ptr<Acceptor> acceptor_;
  std::thread thread_;
  // Of the thread.
  std::vector<Connection> open_;
  int64_t refused_ = 0;  // since the last warning
  Seldom told_of_full_;
  MonotonicTime next_look_ = MonotonicTime::min();
  int looks_ = 0;
  int64_t cut_ = 0, cut_bytes_ = 0;  // since the last warning
  Seldom told_of_cut_;
};

// Lets the process have so many file descriptors, where the system's hard limit allows it. Returns how many it may
// have.
int64_t RaiseDescriptorLimit(int64_t wanted);

}  // namespace suffice
