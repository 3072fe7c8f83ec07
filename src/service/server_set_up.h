// How our gRPC servers are set up, so that what one of them is compared with is set up alike.
// Thread contract: before any server is built; the plugins are process-wide switches of gRPC.
#pragma once

#include <grpcpp/server_builder.h>

#include <cstdint>

namespace suffice {

// Health checks, reflection if asked for, and the bounds on streams and on one request's bytes.
void SetUpServer(grpc::ServerBuilder& builder, bool reflection, int64_t max_message_bytes);

// For a whole process that serves: abseil's locks, gRPC's among them, no longer look for cycles, which Debian's build
// else does under one lock for all of them. Tests leave it on.
void StopDeadlockDetection();

}  // namespace suffice
