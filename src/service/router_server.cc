#include "service/router_server.h"

#include <fmt/format.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server_builder.h>

#include "base/status_macros.h"
#include "service/server_set_up.h"
#include "service/tls.h"

namespace suffice {
absl::StatusOr<std::unique_ptr<RouterServer>> RouterServer::Start(const RouterServerOptions& options) {
  SUFFICE_ASSIGN_OR_RETURN(ListenAddress address, ParseListenAddress(options.listen));
  SUFFICE_RETURN_IF_ERROR(CheckReach(address, options.insecure_bind || !options.tls.cert_file.empty()));
  SUFFICE_ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ServerCredentials> credentials,
                           MakeServerCredentials(options.tls));
  std::unique_ptr<RouterServer> server(new RouterServer(options));
  const Listener::Options limits{.max_connections = options.max_connections,
                                 .max_memory_bytes = options.max_memory_mb << 20};
  SUFFICE_ASSIGN_OR_RETURN(server->listener_, Listener::Bind(address, limits, &server->finished_));
  address.port = server->listener_->port();
  server->address_ = std::move(address);
  grpc::ServerBuilder builder;
  SetUpServer(builder, options.reflection, options.max_message_bytes);
  using Connections = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  std::unique_ptr<Listener::Acceptor> acceptor =
      builder.experimental().AddExternalConnectionAcceptor(Connections::FROM_FD, credentials);
  builder.RegisterService(&server->service_);
  builder.RegisterService(&server->admin_);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr) return absl::InternalError("gRPC's server did not start");
  server->SetServing(false);
  server->listener_->Start(std::move(acceptor));
  return server;
}

RouterServer::~RouterServer() { Shutdown(absl::ZeroDuration()); }

void RouterServer::Serve(Engine* engine) {
  service_.Serve(engine);
  status_.Serve(engine);
  SetServing(true);
}

void RouterServer::Shutdown(absl::Duration drain) {
  if (server_ == nullptr) return;
  SetServing(false);
  status_.Drain();
  listener_->Stop();
  server_->Shutdown(absl::ToChronoTime(absl::Now() + drain));
  server_.reset();
  status_.Forget();
}

void RouterServer::SetServing(bool serving) {
  auto* health = server_->GetHealthCheckService();
  health->SetServingStatus(serving);
  health->SetServingStatus(v1::RouterService::service_full_name(), serving);
  health->SetServingStatus(v1::AdminService::service_full_name(), serving);
}

}  // namespace suffice
