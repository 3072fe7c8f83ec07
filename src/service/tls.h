// What the gRPC port speaks: plain text, TLS, or TLS with certificates on both sides (serve.tls).
// Thread contract: pure functions but for the files they read.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "suffice/config.h"

namespace suffice {

// Plain text for an empty `tls`. The files are looked at every second from then on, and connections made later get what
// they hold. INVALID_ARGUMENT naming the key for a file that is not there or not PEM, and for a private key of another
// certificate.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const TlsConfig& tls);

}  // namespace suffice
