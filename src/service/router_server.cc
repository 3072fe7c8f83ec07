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
  SUFFICE_ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener, Listener::Bind(address, options.max_connections));
  address.port = listener->port();
  std::unique_ptr<RouterServer> server(new RouterServer(address, options));
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
  server->listener_ = std::move(listener);
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
