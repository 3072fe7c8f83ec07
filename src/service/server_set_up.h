// How our gRPC servers are set up, so that what one of them is compared with is set up alike.
// Thread contract: before any server is built; the plugins are process-wide switches of gRPC.
#pragma once

#include <grpcpp/server_builder.h>

#include <cstdint>

namespace suffice {

// Health checks, reflection if asked for, and the bounds on streams and on one request's bytes.
void SetUpServer(grpc::ServerBuilder& builder, bool reflection, int64_t max_message_bytes);

}  // namespace suffice
