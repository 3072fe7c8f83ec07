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
  std::unique_ptr<RouterServer> server(new RouterServer(address, options));
  grpc::ServerBuilder builder;
  SetUpServer(builder, options.reflection, options.max_message_bytes);
  int port = 0;
  builder.AddListeningPort(address.ToString(), credentials, &port);
  builder.RegisterService(&server->service_);
  builder.RegisterService(&server->admin_);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || port == 0) {
    return absl::UnavailableError(fmt::format("cannot listen on {}: is the port taken?", address.ToString()));
  }
  server->address_.port = port;
  server->SetServing(false);
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
