// A gRPC error as one line for people.
// Thread contract: pure function.
#pragma once

#include <grpcpp/support/status.h>

#include <string>

namespace suffice {

// "NOT_FOUND (DECISION_NOT_FOUND): ...": the code, the reason where the server tells one, and the message.
std::string RpcErrorText(const grpc::Status& error);

}  // namespace suffice
