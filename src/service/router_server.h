// The gRPC server: suffice.v1.RouterService and AdminService with grpc.health.v1, reflection and a drain.
//
//   auto server = RouterServer::Start({.listen = "127.0.0.1:0"});
//   (*server)->Serve(engine);               // health: SERVING
//   (*server)->Shutdown(absl::Seconds(10)); // health: NOT_SERVING, finish what is in flight
//
// Thread contract: Serve, StopServing and Shutdown from one thread; the rest is thread-safe. The engine must live until
// Shutdown has returned.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/admin_service.h"
#include "service/listen_address.h"
#include "service/listener.h"
#include "service/router_service.h"
#include "service/service_status.h"

namespace suffice {

struct RouterServerOptions {
  std::string listen = "127.0.0.1:7433";  // port 0: any free one
  bool insecure_bind = false;             // listen in plain text where other machines can reach it
  bool reflection = true;                 // describe the API to tools such as grpcurl
  int64_t max_message_bytes = 4 << 20;    // of one request
  int64_t max_in_flight = 1024;           // Route, Outcome and Feedback being answered; >= 1
  int64_t max_connections = 1024;         // open at once; >= 1
  int64_t max_memory_mb = 768;            // of the process, beyond which connections are cut that hold much of it
  TlsConfig tls;                          // empty: plain text
  std::shared_ptr<const KeyRing> keys;    // null: everybody may do everything
};

class RouterServer {
 public:
  // Binds and answers, though every rpc is UNAVAILABLE until Serve. INVALID_ARGUMENT for a bad address or bad TLS files,
  // FAILED_PRECONDITION for one beyond this machine without TLS or insecure_bind, UNAVAILABLE when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<RouterServer>> Start(const RouterServerOptions& options);
  // Cancels what is in flight if Shutdown was not called.
  ~RouterServer();
  RouterServer(const RouterServer&) = delete;
  RouterServer& operator=(const RouterServer&) = delete;

  // Takes requests for `engine`; not owned.
  void Serve(Engine* engine);
  // For rpcs and connections that begin from now on.
  void SetMaxInFlight(int64_t limit) { admission_.in_flight().SetLimit(limit); }
  void SetMaxConnections(int64_t limit) { listener_->SetMaxConnections(limit); }
  void SetKeys(std::shared_ptr<const KeyRing> keys) { admission_.SetKeys(std::move(keys)); }
  std::shared_ptr<const KeyRing> keys() const { return admission_.keys(); }
  // Stops accepting, waits for what is in flight, cancels what is left after `drain`. Idempotent.
  void Shutdown(absl::Duration drain);

  // With the port really bound.
  const ListenAddress& address() const { return address_; }
  // What the admin service tells; lives as long as the server. Its engine is gone once Shutdown has returned.
  ServiceStatus& status() { return status_; }

 private:
  explicit RouterServer(const RouterServerOptions& options) : admission_(options.max_in_flight, options.keys) {}
  void SetServing(bool serving);

  ListenAddress address_;
  ServiceStatus status_;
  PeerBytes finished_;
  Admission admission_;
  RouterService service_{&admission_, &finished_};
  AdminService admin_{&status_, &admission_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace suffice
